"""What a caller sees, for statements of our own: plans stay those of the tables themselves."""

import pytest

from app import domains
from app.access.caller import SYSTEM, Caller
from app.access.permissions import Permission, Permissions
from app.database.tables import METADATA
from app.errors import Forbidden
from app.items.compile.compiler import Compiler
from app.items.policy.readable_rows import ReadableRows
from schema import BUILTIN

ACCOUNT = "00000000-0000-4000-8000-00000000000a"
CODE = Permission("unique_code", "read", frozenset({"id", "code", "product"}))


def readable(*permissions: Permission, account: str | None = ACCOUNT) -> ReadableRows:
    domains.register()
    caller = Caller(account=account, permissions=Permissions(permissions))
    return ReadableRows(Compiler(BUILTIN, METADATA), caller)


def of(caller: Caller) -> ReadableRows:
    domains.register()
    return ReadableRows(Compiler(BUILTIN, METADATA), caller)


def test_two_aliases_bind_values_of_their_own():
    seen = readable(CODE)
    first, second = seen.of("unique_code", "c"), seen.of("unique_code", "d")
    assert first.endswith(") AS c")
    assert second.endswith(") AS d")
    assert {name.split("_")[0] for name in seen.values} == {"c", "d"}
    assert set(seen.values.values()) == {ACCOUNT}
    assert all(f"%({name})s" in first + second for name in ("c_v0", "d_v0"))


def test_secrets_are_in_no_sight():
    """Not even in that of the installation's admin: no statement needs them by this way."""
    text = of(SYSTEM).of("directus_users", "u")
    for name in ("password", "token", "tfa_secret"):
        assert f".{name} AS" not in text
        assert f" AS {name}" in text


def test_what_is_not_read_is_refused_by_name():
    seen = readable(CODE)
    seen.require("unique_code", "code")
    for collection, field in (("unique_code", "scm_data"), ("product", "id")):
        with pytest.raises(Forbidden):
            seen.require(collection, field)
        assert not seen.shows(collection, field)


def test_fields_of_some_rows_are_not_always_there():
    some = Permission("unique_code", "read", rule={"code": {"_eq": "a"}})
    seen = readable(CODE, some)
    assert seen.shows("unique_code", "status")
    assert not seen.shows_always("unique_code", "status")
    assert seen.shows_always("unique_code", "code")


def test_who_may_read_all_may_do_so_in_several_ways():
    """A rule that says nothing, or permissions that together leave nothing out."""
    some = Permission("unique_code", "read", rule={"code": {"_eq": "a"}})
    names = [field.name for field in BUILTIN["unique_code"].fields]
    halves = [
        Permission("unique_code", "read", frozenset(part)) for part in (names[:20], names[20:])
    ]
    for rule in ({}, {"_and": []}, {"_or": []}):
        assert readable(Permission("unique_code", "read", rule=rule)).shows_all("unique_code")
        assert readable(some, Permission("unique_code", "read", rule=rule)).shows_all("unique_code")
    assert readable(*halves).shows_all("unique_code")
    assert readable(*halves, some).shows_all("unique_code")
    for less in ((), (some,), halves[:1], (halves[0], some), (some, some)):
        assert not readable(*less).shows_all("unique_code")
    assert of(SYSTEM).shows_all("unique_code")
    assert not readable(*halves).shows_all("*")
