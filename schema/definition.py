"""The language collections are declared in: fields, relations, collections. Pure data.

Names, types and specials are Directus's own (contract: directus.md section 8), so that a definition
can be printed as a Directus snapshot and read back from one.
"""

from dataclasses import dataclass
from typing import Any

TYPES = frozenset(
    "string text boolean integer bigInteger float decimal dateTime timestamp date time json csv "
    "uuid hash".split()
)
"""Directus field types a column can have. (A many-to-one takes the type of its target's key.)"""

GENERATING_SPECIALS = frozenset(
    {"uuid", "date-created", "date-updated", "user-created", "user-updated"}
)
"""Specials that fill a field by themselves: they lift the not-null and required checks."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A many-to-one: the field holds a key of collection `to`.

    `enforced`: PostgreSQL checks every row (a foreign key). Off for tables that grow with the
    codes, where a check per minted row would cost more than the row; `app.items` checks instead.
    `scalar`: surfaces show the key only, never the object.
    `on_delete`: what happens when the target goes: SET NULL, RESTRICT (the target must stay),
    CASCADE, or, where nothing is enforced, NO ACTION (the key stays as a record of the past).
    """

    to: str
    on_delete: str = "SET NULL"
    enforced: bool = True
    scalar: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a collection, and the column it is stored in.

    `required`: a create must give it (or a special or default fills it); the column is NOT NULL.
    `readonly`: the server sets it; what a client sends is dropped.
    `choices`, `minimum`, `maximum`, `pattern`: rules every write is validated against.
    `wide`: an integer stored in 64 bits and still shown as a number.
    `generated`: "sequence" (a database counter) or "evt_id" (24 random symbols, systems.md 2.1).
    `computed`: has no column; its value is an expression a domain registers.
    `concealed`: reads as `**********`.
    """

    name: str
    type: str
    note: str = ""
    primary_key: bool = False
    special: tuple[str, ...] = ()
    required: bool = False
    readonly: bool = False
    default: Any = None
    unique: bool = False
    indexed: bool = False
    max_length: int | None = None
    precision: tuple[int, int] | None = None
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    wide: bool = False
    generated: str | None = None
    computed: bool = False
    relation: Relation | None = None

    @property
    def concealed(self) -> bool:
        return "conceal" in self.special

    @property
    def fills_itself(self) -> bool:
        """Whether a create may leave it out although the column is NOT NULL."""
        return (
            self.default is not None
            or self.generated is not None
            or bool(GENERATING_SPECIALS.intersection(self.special))
        )


@dataclass(frozen=True, slots=True)
class Index:
    """A composite or partial index. `where` is a literal SQL condition over the same table."""

    fields: tuple[str, ...]
    unique: bool = False
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection: its fields in wire order, its indexes, and who may see it at all.

    `internal` collections have a table and nothing else: no surface ever names them.
    `system` collections are types for relations, with no root fields and no /items route.
    """

    name: str
    fields: tuple[Field, ...]
    note: str = ""
    indexes: tuple[Index, ...] = ()
    internal: bool = False
    sort_field: str | None = None

    @property
    def system(self) -> bool:
        return self.name.startswith("directus_")

    @property
    def primary_key(self) -> Field:
        return next(field for field in self.fields if field.primary_key)


def uuid(name: str, **options: Any) -> Field:
    """A uuid. As a primary key it is made by the server unless the client brings one."""
    if options.get("primary_key"):
        options.setdefault("special", ("uuid",))
    return Field(name=name, type="uuid", **options)


def string(name: str, **options: Any) -> Field:
    """A text of at most 255 characters, or `max_length`."""
    options.setdefault("max_length", 255)
    return Field(name=name, type="string", **options)


def text(name: str, **options: Any) -> Field:
    return Field(name=name, type="text", **options)


def integer(name: str, **options: Any) -> Field:
    return Field(name=name, type="integer", **options)


def big_integer(name: str, **options: Any) -> Field:
    """64 bits; on the wire a string, as Directus sends it."""
    return Field(name=name, type="bigInteger", **options)


def decimal(name: str, **options: Any) -> Field:
    """Exact; a string on the wire. `precision` = (digits, digits after the point)."""
    options.setdefault("precision", (10, 5))
    return Field(name=name, type="decimal", **options)


def boolean(name: str, **options: Any) -> Field:
    return Field(name=name, type="boolean", **options)


def timestamp(name: str, **options: Any) -> Field:
    """A moment in time; on the wire ISO 8601 in UTC with milliseconds."""
    return Field(name=name, type="timestamp", **options)


def json(name: str, **options: Any) -> Field:
    return Field(name=name, type="json", **options)


def csv(name: str, **options: Any) -> Field:
    """A list of strings, stored joined by commas."""
    return Field(name=name, type="csv", **options)


def hashed(name: str, **options: Any) -> Field:
    """A secret: stored as an argon2 hash, read as `**********`."""
    return Field(name=name, type="hash", special=("hash", "conceal"), max_length=255, **options)


def m2o(
    name: str,
    *,
    to: str,
    on_delete: str = "SET NULL",
    enforced: bool = True,
    scalar: bool = False,
    **options: Any,
) -> Field:
    """A many-to-one. Its column has the type of the target's key (resolved by `Schema`)."""
    relation = Relation(to, on_delete=on_delete, enforced=enforced, scalar=scalar)
    options["special"] = (*options.pop("special", ()), "m2o")
    return Field(name=name, type="m2o", relation=relation, **options)


def computed(name: str, type: str = "string", **options: Any) -> Field:  # noqa: A002 - Directus's word
    """A field with no column: a domain registers the expression it reads as."""
    return Field(name=name, type=type, computed=True, readonly=True, **options)


def tenant(**options: Any) -> Field:
    """The account a row belongs to. An account with rows can't be deleted."""
    options.setdefault("on_delete", "RESTRICT")
    return m2o("account", to="account", **options)


def audit(*, enforced: bool = True) -> tuple[Field, ...]:
    """The four fields every collection has: who and when. Set by the server, never by a client."""
    on_delete = "SET NULL" if enforced else "NO ACTION"
    return (
        m2o(
            "user_created",
            to="directus_users",
            special=("user-created",),
            enforced=enforced,
            on_delete=on_delete,
            readonly=True,
            note="User who created the item.",
        ),
        timestamp(
            "date_created",
            special=("date-created",),
            readonly=True,
            note="When the item was created.",
        ),
        m2o(
            "user_updated",
            to="directus_users",
            special=("user-updated",),
            enforced=enforced,
            on_delete=on_delete,
            readonly=True,
            note="User who last updated the item.",
        ),
        timestamp(
            "date_updated",
            special=("date-updated",),
            readonly=True,
            note="When the item was last updated.",
        ),
    )
