"""Drawn: prefixes, domains, products, codes and jobs of two accounts and of none, in any order.

After every request, whoever sent it: each code is of the owner of its key, no row refers to one of
another account, and no EPC that was given out has changed.
"""

import asyncio
import os
import random

import pytest

from app.codes.check_digit import check_digit
from app.database.session import Database
from app.domains.code_pool.service import refill
from app.served import served
from schema import BUILTIN
from tests.acceptance.two_accounts import A, B, a, b, two_accounts
from tests.installation import app, client, installation, prepared, reset, rows
from workers.chunks import advance
from workers.identifier_job import IdentifierJobs

__all__ = ["a", "app", "b", "client", "installation", "prepared", "reset", "rows", "two_accounts"]

SEEDS = range(*map(int, os.environ.get("SEEDS", "0,3").split(",")))
STEPS = 120

CHANGED = frozenset("brand code_pool domain identifier_job product unique_code".split())

DIGITS = ("40123", "401234", "4012345", "4012346", "50123", "5012345", "501234599")
BODIES = ("401234500001", "401234600001", "501234500001", "501234599001", "501230000001")
NAMES = ("go.a.com", "go.b.com", "new.com", "all.com")

LINKS = [
    (source.name, field.name, field.relation.to)
    for source in BUILTIN
    for field in source.fields
    if source.name in CHANGED and field.relation is not None and field.relation.to in CHANGED
]

LEFT_BEHIND = """
SELECT c.id, c.account::text, cover.account::text AS owner FROM unique_code AS c
CROSS JOIN LATERAL (
  SELECT p.account FROM company_prefix AS p
  WHERE (p.kind = 'ordinary' AND p.digits = ANY(gs1_ordinary_prefixes(c.id)))
    OR (p.kind = 'gtin8' AND p.digits = gs1_gtin8_prefix(c.id))
  UNION ALL SELECT d.account FROM domain AS d
  WHERE d.domain_name = split_part(c.id, '/', 1) AND d.state = 'verified') AS cover
WHERE cover.account IS NOT NULL AND cover.account IS DISTINCT FROM c.account
"""
OF_NOBODYS_KEY = """
SELECT c.id, c.account::text FROM unique_code AS c
WHERE c.account IS NOT NULL AND type <> 'tag' AND NOT EXISTS (
  SELECT FROM company_prefix AS p
  WHERE (p.kind = 'ordinary' AND p.digits = ANY(gs1_ordinary_prefixes(c.id)))
    OR (p.kind = 'gtin8' AND p.digits = gs1_gtin8_prefix(c.id)))
  AND NOT EXISTS (SELECT FROM domain AS d
    WHERE d.domain_name = split_part(c.id, '/', 1) AND d.state = 'verified')
"""


def gtin(draw):
    body = draw.choice("01") + draw.choice(BODIES)
    return body + str(check_digit(body))


def sscc(draw):
    body = "0" + draw.choice(BODIES)[:9] + f"{draw.randrange(5):07}"
    return f"/00/{body}{check_digit(body)}"


def product(draw):
    return draw.choice([f"/01/{gtin(draw)}", f"/8003/0{gtin(draw)[1:]}", "own-1", "own-2"])


def code(draw, domains):
    serial = draw.randrange(4)
    key = draw.choice(
        [
            f"/01/{gtin(draw)}/21/{serial}",
            f"/8003/0{gtin(draw)[1:]}{serial}",
            sscc(draw),
            f"{draw.choice(NAMES)}/x{serial}",
        ]
    )
    row = {"id": key}
    if not key.startswith(("/01", "/8003")) and draw.random() < 0.4:
        row["product"] = product(draw)
    return row | ({"domain": draw.choice(domains)} if draw.random() < 0.2 else {})


def job(draw, domains):
    kind = draw.choice(["sgtin", "grai", "sscc", "short_code"])
    row = {"type": kind, "quantity": 2, "length": 6}
    if kind == "sscc":
        row = {"type": kind, "quantity": 2, "sscc_company_prefix": draw.choice(DIGITS)}
    elif kind != "short_code" or draw.random() < 0.5:
        row["product"] = product(draw)
    if draw.random() < (0.8 if kind == "short_code" else 0.3):
        row["domain"] = draw.choice(domains)
    return row


class Drawn:
    """Requests of one of three callers, drawn, about what there may be."""

    def __init__(self, draw, callers, rows):
        self.draw, self.callers, self.rows = draw, callers, rows

    def keys(self, table):
        return [str(key) for (key,) in self.rows.execute(f"SELECT id FROM {table} ORDER BY 1")]

    async def step(self):
        """Sends one; what was sent and what came back."""
        draw = self.draw
        who = draw.choice(["admin", "admin", "a", "b"])
        owner = draw.choice([A, B, None]) if who == "admin" else None
        domains = self.keys("domain") or [None]
        made = {
            "company_prefix": lambda: {"digits": draw.choice(DIGITS)},
            "domain": lambda: {"domain_name": draw.choice(NAMES)},
            "brand": lambda: {"name": f"brand {draw.randrange(9**9)}"},
            "product": lambda: {
                "id": product(draw),
                "product_name": "P",
                "company_prefix_length": draw.choice([None, None, 7, 8]),
            },
            "unique_code": lambda: code(draw, domains),
            "identifier_job": lambda: job(draw, domains),
            "code_pool": lambda: {
                "product": product(draw),
                "min_available": 2,
                "job_quantity": 2,
                "length": 6,
            },
        }
        name = draw.choice([*made, "unique_code", "product", "identifier_job"])
        there = self.keys(name)
        way = draw.choice(["create", "create", "change", "delete"]) if there else "create"
        path = f"/items/{name}"
        if way == "create":
            payload = made[name]() | ({"account": owner} if who == "admin" else {})
            answer = await self.callers[who].post(path, json=payload)
        elif way == "delete":
            payload = [draw.choice(there)]
            answer = await self.callers[who].request("DELETE", path, json=payload)
        else:
            patches = [{"account": owner}]
            if name == "company_prefix":
                patches.append({"digits": draw.choice(DIGITS)})
            if name == "domain":
                patches += [{"state": draw.choice(["pending", "verified"])}] * 2
            if name == "product":
                brands = [*self.keys("brand"), None]
                patches += [
                    {"brand": draw.choice(brands)},
                    {"company_prefix_length": draw.choice([None, 7, 8])},
                    {"gtin": gtin(draw)},
                ]
            if name == "unique_code":
                patches += [{"product": product(draw)}, {"domain": draw.choice(domains)}]
            patch = draw.choice(patches)
            payload = {"keys": [draw.choice(there)], "data": patch}
            answer = await self.callers[who].patch(path, json=payload)
        return (who, way, name, payload, answer.status_code, answer.text[:200])

    def crossings(self):
        """Rows that refer to one of another account."""
        for source, field, target in LINKS:
            found = self.rows.execute(
                f"SELECT s.id, t.id FROM {source} AS s JOIN {target} AS t ON t.id = s.{field} "
                "WHERE s.account <> t.account"
            ).fetchall()
            if found:
                yield source, field, found


@pytest.mark.parametrize("seed", SEEDS)
async def test_whatever_is_done_keys_keep_their_owners_and_epcs(
    client, a, b, rows, installation, seed
):
    drawn = Drawn(random.Random(seed), {"admin": client, "a": a, "b": b}, rows)
    database = Database(installation.database_url, max_size=3)
    await database.open()
    given_out, minted, done = {}, set(), []
    for _ in range(STEPS):
        at_once = drawn.draw.choice([1, 1, 2, 4])
        done.append(await asyncio.gather(*(drawn.step() for _ in range(at_once))))
        # Who meets another's change in an unlucky order is told to come again.
        assert all(step[4] < 500 or (step[4] == 503 and at_once > 1) for step in done[-1]), done
        if drawn.draw.random() < 0.2:
            rows.execute("UPDATE code_pool SET looked_at = NULL")
            await refill(database, served(installation).compiler, 60.0)
        if drawn.draw.random() < 0.5:
            for key in drawn.keys("identifier_job"):
                await advance(database, IdentifierJobs(), key)
                await advance(database, IdentifierJobs(), key)
            done.append("minted")
        for invariant in (LEFT_BEHIND, OF_NOBODYS_KEY):
            assert rows.execute(invariant).fetchall() == [], done
        assert list(drawn.crossings()) == [], done
        answer = await client.get("/items/unique_code?limit=-1&fields=id,epc_uri,identifier_job")
        there = answer.json()["data"]
        minted |= {row["id"] for row in there if row["identifier_job"]}
        known = {row["id"] for row in there}
        # What was brought in and is gone may be brought in anew; what was minted stays.
        given_out = {key: epc for key, epc in given_out.items() if key in known | minted}
        for row in there:
            if row["epc_uri"] is not None:
                assert given_out.setdefault(row["id"], row["epc_uri"]) == row["epc_uri"], done
    await database.close()
