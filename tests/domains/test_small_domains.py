"""The rules of products, domains, accounts and codes brought in from outside (systems.md 6)."""

import pytest

from app.access.caller import Caller
from app.domains.account.rules import COMING, AccountRules
from app.domains.domain.rules import DomainRules
from app.domains.product.rules import ProductRules
from app.domains.unique_code.rules import UniqueCodeRules
from app.errors import ErrorList
from app.items.hooks import Update
from app.settings import settings
from tests.installation import NOBODY


async def create(rules, session, caller: Caller, **row) -> dict:
    """The row as the rules leave it; its account is the caller's, as the writer sees to."""
    row = {"account": caller.account, **row}
    await rules.before_create(session, caller, [row])
    return row


async def refused_fields(rules, session, caller, **row) -> list[str]:
    with pytest.raises(ErrorList) as refused:
        await create(rules, session, caller, **row)
    return [error.extensions["field"] for error in refused.value.errors]


class TestProduct:
    RULES = ProductRules()

    @pytest.mark.parametrize(
        ("given", "key", "gtin"),
        [
            ({"gtin": "9312345551927"}, "/01/09312345551927", "9312345551927"),
            ({"gtin": "96385074"}, "/01/00000096385074", "96385074"),
            ({"id": "/01/09312345551927"}, "/01/09312345551927", "09312345551927"),
            (
                {"id": "/01/09312345551927", "gtin": "9312345551927"},
                "/01/09312345551927",
                "9312345551927",
            ),
            ({"id": "/8003/00614141123452"}, "/8003/00614141123452", None),
            ({"id": "my/own key"}, "my/own key", None),
        ],
    )
    async def test_key_and_gtin_make_each_other(self, session, caller, given, key, gtin):
        row = await create(self.RULES, session, caller, **given)
        assert (row["id"], row.get("gtin"), row["account"]) == (key, gtin, caller.account)

    @pytest.mark.parametrize(
        ("given", "fields"),
        [
            ({}, ["id"]),
            ({"gtin": "9312345551928"}, ["gtin"]),
            ({"gtin": "12345"}, ["gtin"]),
            ({"id": "/01/9312345551927"}, ["id"]),
            ({"id": "/01/09312345551928"}, ["id"]),
            ({"id": "/8003/10614141123452"}, ["id"]),
            ({"id": "/8003/00614141123453"}, ["id"]),
            ({"id": "/01/09312345551927", "gtin": "96385074"}, ["gtin"]),
            ({"id": "/01/1", "gtin": "2"}, ["gtin", "id"]),
        ],
    )
    async def test_what_is_malformed_is_refused(self, session, caller, given, fields):
        assert await refused_fields(self.RULES, session, caller, **given) == fields

    async def test_check_digits_may_be_left_unjudged(self, session, caller, monkeypatch):
        monkeypatch.setenv("USE_GS1_IDENTIFIERS", "false")
        settings.cache_clear()
        row = await create(self.RULES, session, caller, gtin="0712132000003")
        assert row["id"] == "/01/00712132000003"
        assert await refused_fields(self.RULES, session, caller, gtin="07121320x0003") == ["gtin"]

    async def test_a_changed_gtin_has_to_agree(self, session, caller):
        before = {"id": "/01/09312345551927", "gtin": None, "account": caller.account}
        good = Update(before["id"], before, {"gtin": "9312345551927"})
        await self.RULES.before_update(session, caller, [good])
        bad = Update(before["id"], before, {"gtin": "96385074"})
        with pytest.raises(ErrorList, match="part of the key"):
            await self.RULES.before_update(session, caller, [bad])


class TestDomain:
    RULES = DomainRules()

    async def test_a_domain_name_is_lower_case(self, session, caller):
        row = await create(self.RULES, session, caller, domain_name="ID.Example.com")
        assert (row["domain_name"], row["account"]) == ("id.example.com", caller.account)
        before = {"id": NOBODY, "account": caller.account, "domain_name": "id.example.com"}
        before |= {"state": "pending", "verification_code": "x"}
        update = Update(NOBODY, before, {"domain_name": "ID.Example.org"})
        await self.RULES.before_update(session, caller, [update])
        assert update.patch["domain_name"] == "id.example.org"


class TestAccount:
    RULES = AccountRules()

    @pytest.mark.parametrize("slug", sorted(COMING))
    async def test_a_slug_is_no_word_of_a_route(self, session, caller, slug):
        fields = await refused_fields(self.RULES, session, caller, company_slug=slug)
        assert fields == ["company_slug"]
        with pytest.raises(ErrorList):
            await self.RULES.before_update(
                session, caller, [Update("x", {}, {"company_slug": slug})]
            )

    async def test_other_slugs_are_free(self, session, caller):
        await create(self.RULES, session, caller, company_slug="acme")
        await create(self.RULES, session, caller)


class TestUniqueCode:
    RULES = UniqueCodeRules()

    @pytest.mark.parametrize(
        ("given", "key", "kind", "code"),
        [
            (
                {"product": "/01/09312345551927", "code": "32a/b"},
                "/01/09312345551927/21/32a/b",
                "sgtin",
                "32a/b",
            ),
            (
                {"type": "sscc", "code": "006141410000000005"},
                "/00/006141410000000005",
                "sscc",
                "006141410000000005",
            ),
            (
                {"type": "grai", "product": "/8003/00614141123452", "code": "400"},
                "/8003/00614141123452400",
                "grai",
                "400",
            ),
            (
                {"type": "tag", "code": "80020001000000000000000a"},
                "urn:epc:raw:96.x80020001000000000000000A",
                "tag",
                "80020001000000000000000A",
            ),
            (
                {"id": "/00/006141410000000005"},
                "/00/006141410000000005",
                "sscc",
                "006141410000000005",
            ),
            ({"id": "brand.example/x7Kp"}, "brand.example/x7Kp", "short_code", "x7Kp"),
            (
                {"id": "urn:epc:raw:96.x800200010000000000000008", "type": "sgtin"},
                "urn:epc:raw:96.x800200010000000000000008",
                "tag",
                "800200010000000000000008",
            ),
        ],
    )
    async def test_key_and_parts_make_each_other(self, session, caller, given, key, kind, code):
        await session.execute(
            "INSERT INTO domain (account, domain_name, state) "
            "VALUES (%(account)s, 'brand.example', 'verified')",
            {"account": caller.account},
        )
        row = await create(self.RULES, session, caller, **given)
        assert (row["id"], row["type"], row["code"]) == (key, kind, code)
        assert row["account"] == caller.account

    async def test_a_short_code_takes_its_domain_or_the_accounts(self, session, caller, account):
        made = "INSERT INTO domain (state, account, domain_name, type, is_default) VALUES "
        own = await session.fetch_value(
            made + "('verified', %(account)s, 'brand.example', 'short', true) RETURNING id",
            {"account": account},
        )
        other = await session.fetch_value(
            made + "('verified', %(account)s, 'other.example', 'short', false) RETURNING id",
            {"account": account},
        )
        short = {"type": "short_code", "code": "x7Kp", "account": account}
        rows = [dict(short), {**short, "domain": own}, {**short, "domain": other}]
        await self.RULES.before_create(session, caller, rows)
        assert [row["id"] for row in rows] == [
            "brand.example/x7Kp",
            "brand.example/x7Kp",
            "other.example/x7Kp",
        ]

    @pytest.mark.parametrize(
        ("given", "fields"),
        [
            ({}, ["code", "product"]),
            ({"type": "sscc"}, ["code"]),
            ({"type": "short_code", "code": "x"}, ["domain"]),
            ({"product": "/01/1", "code": "x"}, ["code"]),
            ({"product": "/01/09312345551927", "code": "with space"}, ["code"]),
            ({"type": "sscc", "code": "12"}, ["code"]),
            ({"type": "tag", "code": "30"}, ["code"]),
            ({"id": "nonsense"}, ["id"]),
            ({"id": "Brand.example/x7Kp"}, ["id"]),
            ({"id": "https://brand.example/x7Kp"}, ["id"]),
            ({"id": "/00/006141410000000005", "type": "grai"}, ["type"]),
            ({"id": "/00/006141410000000005", "code": "7"}, ["code"]),
            ({"id": "/01/09312345551927/21/7", "product": "/01/09312345552016"}, ["product"]),
        ],
    )
    async def test_what_contradicts_itself_is_refused(self, session, caller, given, fields):
        assert await refused_fields(self.RULES, session, caller, **given) == fields
