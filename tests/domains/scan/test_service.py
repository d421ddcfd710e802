"""Scans: how they are judged, what is kept, who counts (systems.md 4.4, 4.5, 6.6)."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from app.access.caller import SYSTEM, Caller, Client
from app.domains.scan.devices import Scanning, device_of, devices_of
from app.domains.scan.judgement import Facts, is_past, judge
from app.domains.scan.rules import ScanRules
from app.domains.scan.scanned_key import of_text
from app.domains.scan.service import facts_of

TODAY = date(2026, 3, 1)
NOTHING = dict.fromkeys(Facts.__slots__)
KNOWN = {**NOTHING, "key": "k", "code": "k", "product": "p", "activation_status": 1}


def judged(country: str | None = None, devices: int = 0, **facts):
    return judge(
        Facts(**{**KNOWN, **facts}),
        is_product=False,
        country=country,
        today=TODAY,
        devices=devices,
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


def test_the_device_above_the_limit_is_the_one_that_counts():
    """campaign.max_scan_count flags; it blacklists only where the campaign asks for it."""
    within = judged(devices=3, max_scan_count=3, blacklist_on_max_scan_count=True)
    assert (within.blacklists, within.flags) == (False, ("genuine",))
    flagged = judged(devices=4, max_scan_count=3)
    assert (flagged.blacklists, flagged.status) == (False, "genuine")
    assert flagged.flags == ("genuine", "scan-count")
    above = judged(devices=4, max_scan_count=3, blacklist_on_max_scan_count=True)
    assert (above.blacklists, above.status) == (True, "blacklisted")
    assert above.flags == ("blacklisted", "scan-count")
    stays = {"activation_status": 2, "blacklist_on_max_scan_count": True}
    assert not judged(devices=9, max_scan_count=3, **stays).blacklists


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
            "INSERT INTO campaign (account, name, max_scan_count, blacklist_on_max_scan_count)"
            " VALUES (%(a)s, 'C', 2, true) RETURNING id",
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
        scans = [{"code": "/01/09312345551927/21/A", "install_id": n} for n in "ABACBA"]
        rows = await self.created(session, caller, *scans)
        above = "blacklisted,scan-count"
        flags = ["genuine", "genuine", "genuine", above, above, above]
        assert [row["flags"] for row in rows] == flags
        code = await session.fetch_one(
            "SELECT activation_status, blacklist_reason FROM unique_code WHERE id LIKE '/01/%%'"
        )
        assert code == {"activation_status": 2, "blacklist_reason": 10}

    async def test_a_device_counts_once_a_day(self, session):
        """Days are those of UTC; scans that name no device are of one."""
        code = "/01/09312345551927/21/A"
        day = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
        kept = [("A", day), ("A", day - timedelta(hours=1)), (None, day), (None, day)]
        for device, at in kept:
            await session.execute(
                "INSERT INTO scan (code, install_id, scanned_at) VALUES (%(c)s, %(d)s, %(t)s)",
                {"c": code, "d": device, "t": at},
            )
        known = await facts_of(session, [of_text(code)])
        again = [Scanning(code, day, "A"), Scanning(code, day, None)]
        later = day.astimezone(timezone(timedelta(hours=-9))) + timedelta(hours=1)
        devices = await devices_of(session, known.values(), again)
        assert [devices.with_scan(one) for one in again] == [2, 2]
        assert devices.with_scan(Scanning(code, later, "A")) == 3
        assert devices.with_scan(Scanning(code, later, "A")) == 3
        assert devices.with_scan(Scanning("another", later, "A")) == 0


class TestNames:
    """A phone's name for a day: nothing that identifies a person, and no day leads to another."""

    DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def name(self, ip="203.0.113.7", agent="A phone", secret="s" * 16, at=DAY):
        return device_of(Client(ip=ip, user_agent=agent), secret, at)

    def test_the_same_phone_is_the_same_all_day(self):
        assert self.name() == self.name(at=self.DAY.replace(hour=23))
        assert re.fullmatch("[0-9a-f]{32}", self.name())

    def test_what_differs_has_another_name(self):
        names = {
            self.name(),
            self.name(at=self.DAY + timedelta(days=1)),
            self.name(ip="203.0.113.8"),
            self.name(ip=None),
            self.name(agent="Another phone"),
            self.name(agent=None),
            self.name(secret="t" * 16),
        }
        assert len(names) == 7

    def test_of_an_ipv6_address_its_network_counts(self):
        assert self.name("2001:db8:1:2::1") == self.name("2001:db8:1:2:aaaa:bbbb:cccc:dddd")
        assert self.name("2001:db8:1:2::1") != self.name("2001:db8:1:3::1")
        assert self.name("::ffff:203.0.113.7") == self.name()
