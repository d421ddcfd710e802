"""Scans: how they are judged, what is kept, who counts (systems.md 4.4, 4.5, 6.6)."""

from datetime import date

import pytest

from app.access.caller import SYSTEM, Caller
from app.domains.scan.judgement import Facts, is_past, judge
from app.domains.scan.rules import ScanRules

TODAY = date(2026, 3, 1)
NOTHING = dict.fromkeys(Facts.__slots__)
KNOWN = {**NOTHING, "key": "k", "code": "k", "product": "p", "activation_status": 1}


def judged(country: str | None = None, before: int = 0, **facts):
    return judge(
        Facts(**{**KNOWN, **facts}),
        is_product=False,
        country=country,
        today=TODAY,
        scans_before=before,
    )


@pytest.mark.parametrize(
    ("facts", "status", "flags"),
    [
        ({}, "genuine", "genuine"),
        ({"activation_status": 0}, "inactive", "inactive"),
        ({"activation_status": 2}, "blacklisted", "blacklisted"),
        (
            {"activation_status": 2, "blacklist_reason": 10},
            "blacklisted",
            "blacklisted scan-count",
        ),
        ({"code": None}, "unknown", "counterfeit"),
        ({"code": None, "product": None}, "unknown", ""),
        ({"intended_market": "FR "}, "genuine", "genuine out-of-market"),
        ({"intended_market": "zh"}, "genuine", "genuine"),
        ({"sell_by_date": "2026-02-28"}, "genuine", "genuine after-sell-by-date"),
        ({"sell_by_date": "2026-03-01"}, "genuine", "genuine"),
        ({"sell_by_date": "soon"}, "genuine", "genuine"),
        (
            {"activation_status": 0, "sell_by_date": "2020-01-01", "intended_market": "fr"},
            "inactive",
            "inactive out-of-market after-sell-by-date",
        ),
    ],
)
def test_flags_follow_from_what_is_known(facts, status, flags):
    found = judged("zh", **facts)
    assert (found.status, " ".join(found.flags)) == (status, flags)
    assert found.result == ("failure" if status == "unknown" else "ok")


def test_a_market_needs_a_country_to_differ_from():
    assert judged(None, intended_market="fr").flags == ("genuine",)


def test_the_scan_above_the_limit_is_the_one_that_counts():
    """campaign.max_scan_count: scans of a code after which it is blacklisted."""
    assert not judged(before=2, max_scan_count=3).exceeds
    above = judged(before=3, max_scan_count=3)
    assert (above.exceeds, above.status) == (True, "blacklisted")
    assert above.flags == ("blacklisted", "scan-count")
    assert not judged(before=9, max_scan_count=3, activation_status=2).exceeds


@pytest.mark.parametrize("text", [None, "", "2026-13-99", "30.12.2020", "99"])
def test_what_is_no_past_day_is_not_past(text):
    assert not is_past(text, TODAY)


class TestReported:
    """POST /items/scan: an app says what it scanned, and the code says the rest."""

    @pytest.fixture(autouse=True)
    async def _codes(self, session, account):
        self.other = await session.fetch_value(
            "INSERT INTO account (account_name) VALUES ('Other') RETURNING id"
        )
        campaign = await session.fetch_value(
            "INSERT INTO campaign (account, name, max_scan_count) VALUES (%(a)s, 'C', 2)"
            " RETURNING id",
            {"a": account},
        )
        await session.execute(
            "INSERT INTO product (id, account, product_name, campaign) VALUES"
            " ('/01/09312345551927', %(a)s, 'P', %(c)s)",
            {"a": account, "c": campaign},
        )
        await session.execute(
            "INSERT INTO unique_code"
            " (id, account, product, type, code, activation_status, scm_data) VALUES"
            " ('/01/09312345551927/21/A', %(a)s, '/01/09312345551927', 'sgtin', 'A', 1,"
            ' \'{"intended_market": "fr"}\'),'
            " ('/00/306141410000000018', %(o)s, NULL, 'sscc', '1', 1, NULL)",
            {"a": account, "o": self.other},
        )

    async def created(self, session, caller, *rows):
        made = [{"account": caller.account, "result": "ok", **row} for row in rows]
        await ScanRules().before_create(session, caller, made)
        return made

    async def test_the_code_says_the_rest(self, session, caller, account):
        for given in (
            {"code": "/01/09312345551927/21/A"},
            {"code": "https://X.example:443/01/9312345551927/21/A/?2026=1&17=2712&17="},
            {"code": "(01)09312345551927(21)A"},
            {"scanned_key": "https://x.example/01/09312345551927/21/A?17=301231"},
            {"scanned_key": "]d20109312345551927\x1d21A\x1d10LOT\r\n"},
            {"scanned_key": "/01/09312345551927/21/A"},
        ):
            (row,) = await self.created(session, caller, {**given, "country": "DE"})
            assert row["code"] == "/01/09312345551927/21/A"
            assert (row["account"], row["product"]) == (account, "/01/09312345551927")
            assert (row["computed_status"], row["country"]) == ("genuine", "de")
            assert row["flags"] == "genuine,out-of-market"

    async def test_what_the_app_has_judged_is_kept(self, session, caller):
        given = {"code": "/01/09312345551927/21/A", "flags": "anomaly", "computed_status": "odd"}
        (row,) = await self.created(session, caller, given)
        assert (row["flags"], row["computed_status"]) == ("anomaly", "odd")

    async def test_an_unknown_serial_of_a_known_product_is_a_counterfeit(self, session, caller):
        (row,) = await self.created(session, caller, {"scanned_key": "/01/09312345551927/21/Z"})
        assert (row.get("code"), row["product"]) == (None, "/01/09312345551927")
        assert (row["computed_status"], row["flags"]) == ("unknown", "counterfeit")
        assert row["result"] == "failure"

    async def test_a_text_that_is_no_key_is_kept(self, session, caller):
        row, none = await self.created(session, caller, {"scanned_key": "???"}, {})
        assert row["scanned_key"] == "???"
        assert "flags" not in row
        assert "flags" not in none

    async def test_codes_of_other_accounts_are_unknown(self, session, caller, account):
        """systems.md 6.1.5: a row of another account behaves exactly like a missing row."""
        (row,) = await self.created(session, caller, {"scanned_key": "/00/306141410000000018"})
        assert (row["account"], row.get("code"), row["flags"]) == (account, None, "counterfeit")
        stranger = Caller(user=caller.user, account=self.other)
        (row,) = await self.created(session, stranger, {"scanned_key": "/01/09312345551927/21/A"})
        assert (row.get("code"), row.get("product"), row["flags"]) == (None, None, "")

    async def test_a_scan_belongs_to_the_account_of_its_code(self, session, account):
        code = {"code": "/01/09312345551927/21/A", "account": self.other}
        (row,) = await self.created(session, SYSTEM, code)
        assert row["account"] == account

    async def test_a_set_is_counted_as_single_scans_are(self, session, caller):
        rows = await self.created(session, caller, *[{"code": "/01/09312345551927/21/A"}] * 4)
        flags = ["genuine", "genuine", "blacklisted,scan-count", "blacklisted,scan-count"]
        assert [row["flags"] for row in rows] == flags
        code = await session.fetch_one(
            "SELECT activation_status, blacklist_reason FROM unique_code WHERE id LIKE '/01/%%'"
        )
        assert code == {"activation_status": 2, "blacklist_reason": 10}
