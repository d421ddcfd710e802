"""Domains that the DNS vouches for: a DNS server of our own on the loopback."""

import asyncio

import dns.message
import dns.rrset
import pytest

from app.access.caller import Caller
from app.domains.domain.rules import DomainRules
from app.domains.domain.text_record import has_record
from app.errors import FailedValidation
from app.items.hooks import Update
from app.settings import settings


class _Names(asyncio.DatagramProtocol):
    """Answers TXT questions from a table; what is not in it does not exist."""

    def __init__(self, texts):
        self.texts = texts

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        question = dns.message.from_wire(data)
        answer = dns.message.make_response(question)
        name = question.question[0].name
        texts = self.texts.get(name.to_text(omit_final_dot=True), [])
        if texts:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *texts))
        self.transport.sendto(answer.to_wire(), address)


@pytest.fixture
async def names(monkeypatch):
    texts = {}
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Names(texts), local_addr=("127.0.0.1", 0)
    )
    host, port = transport.get_extra_info("sockname")
    monkeypatch.setenv("DNS_SERVER", f"{host}:{port}")
    monkeypatch.setenv("DOMAIN_VERIFICATION", "dns")
    settings.cache_clear()
    yield texts
    transport.close()
    settings.cache_clear()


async def test_a_record_has_to_say_the_very_code(names):
    names["_mintage.brand.com"] = ['"v=spf1 -all"', '"the-code"']
    assert await has_record("brand.com", "the-code")
    assert not await has_record("brand.com", "the-cod")
    assert not await has_record("brand.com", "")
    assert not await has_record("other.com", "the-code")


async def test_a_dns_that_is_silent_says_no(names, monkeypatch):
    monkeypatch.setenv("DNS_SERVER", "127.0.0.1:9")
    settings.cache_clear()
    assert not await has_record("brand.com", "the-code")


async def test_an_account_verifies_what_its_record_proves(session, account, names):
    caller = Caller(user="6d6cb08a-0000-4000-8000-039e350eef1e", account=account)
    before = {
        "id": "aaaaaaaa-0000-4000-8000-000000000001",
        "account": account,
        "domain_name": "brand.com",
        "state": "pending",
        "verification_code": "the-code",
    }

    async def set_to_verified():
        update = Update(before["id"], before, {"state": "verified"})
        await DomainRules().before_update(session, caller, [update])
        return update.patch

    with pytest.raises(FailedValidation, match=r"_mintage\.brand\.com"):
        await set_to_verified()
    names["_mintage.brand.com"] = ['"the-code"']
    assert (await set_to_verified())["verified_at"] is not None


async def test_a_new_name_is_not_proven_by_the_old_record(session, account, names):
    names["_mintage.brand.com"] = ['"the-code"']
    names["_mintage.victim.com"] = ['"another-code"']
    caller = Caller(user="6d6cb08a-0000-4000-8000-039e350eef1e", account=account)
    before = {
        "id": "aaaaaaaa-0000-4000-8000-000000000001",
        "account": account,
        "domain_name": "brand.com",
        "state": "verified",
        "verification_code": "the-code",
    }
    renamed = Update(before["id"], before, {"domain_name": "victim.com"})
    await DomainRules().before_update(session, caller, [renamed])
    assert renamed.patch["state"] == "pending"
    both = Update(before["id"], before, {"domain_name": "victim.com", "state": "verified"})
    await DomainRules().before_update(session, caller, [both])
    assert both.patch["state"] != "verified"
