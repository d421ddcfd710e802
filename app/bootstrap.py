"""The first start: the settings, the first admin, and something to try Mintage on."""

import asyncio
from typing import Any

from app.access.caller import SYSTEM
from app.access.secrets import is_password, new_token, token_hash
from app.database.session import Database, WriteSession
from app.domains.directus_policies.service import admin_role, ensure_public, is_administered
from app.items.write.writer import Writer
from app.pools import Asker
from app.served import Served, served
from app.settings import Settings

_LOCK = "SELECT pg_advisory_xact_lock(1835626100)"
# Directus's row has this key, and clients ask for it by that.
_SETTINGS = """
INSERT INTO directus_settings (id) SELECT 1 WHERE NOT EXISTS (SELECT FROM directus_settings)
"""
_ADMIN = "SELECT id, token, password FROM directus_users WHERE email = %(email)s"

DEMO_ACCOUNT = "f1b2c3d4-e5f6-7890-1234-567890abcdef"
DEMO_PRODUCT = "/01/09312345551927"
"""The account and product that the seed document's own examples name."""

_DEMO: tuple[tuple[str, list[dict[str, Any]]], ...] = (
    (
        "account",
        [{"id": DEMO_ACCOUNT, "account_name": "Demo Account"}],
    ),
    (
        "company_prefix",
        [
            {"account": DEMO_ACCOUNT, "digits": digits, "note": "Of the demo data."}
            for digits in ("9312345", "7777666", "9361758", "0614141")
        ],
    ),
    (
        "domain",
        [
            {"account": DEMO_ACCOUNT, "domain_name": "id.example.com", "is_default": True},
            {
                "account": DEMO_ACCOUNT,
                "domain_name": "go.example.com",
                "type": "short",
                "is_default": True,
            },
        ],
    ),
    (
        "product",
        [
            {"id": key, "product_name": name, "account": DEMO_ACCOUNT}
            for key, name in (
                (DEMO_PRODUCT, "Demo Sparkling Water 500 ml"),
                ("/01/77777666100048", "Demo Item"),
                ("/01/09312345552016", "Demo Case"),
                ("/01/09361758000003", "Demo Cotton Shirt"),
                ("/8003/00614141123452", "Demo Returnable Crate"),
            )
        ],
    ),
)


def bootstrap(settings: Settings, database_url: str) -> str | None:
    """Make sure there are settings and an admin, and in a new installation the demo rows.

    Answers the admin's static token if it was made up now: it is stored hashed, so this is the
    only time it can be shown. A given ADMIN_TOKEN or ADMIN_PASSWORD always becomes the admin's; if
    nobody is left who may do everything, it lets that one in.
    """
    return asyncio.run(_bootstrap(settings, database_url, served(settings)))


async def _bootstrap(settings: Settings, database_url: str, what: Served) -> str | None:
    database = Database(database_url, max_size=1)
    await database.open()
    try:
        async with database.write() as session:
            await session.execute(_LOCK)
            await session.execute(_SETTINGS)
            return await _first_admin(settings, session, what)
    finally:
        await database.close()


async def _first_admin(settings: Settings, session: WriteSession, what: Served) -> str | None:
    writer = Writer(what.compiler, session, SYSTEM)
    secrets: dict[str, Any] = {}
    if settings.admin_password is not None:
        secrets["password"] = settings.admin_password
    if settings.admin_token is not None:
        secrets["token"] = settings.admin_token
    await ensure_public(session, writer)
    role = await admin_role(session, writer)
    row = await session.fetch_one(_ADMIN, {"email": settings.admin_email.strip().lower()})
    if row is not None:
        patch = await _news(row, secrets)
        if secrets and not await is_administered(session):
            patch |= {"status": "active", "role": role}
            if "account" in what.compiler.schema.fields("directus_users"):
                patch["account"] = None  # or it could do everything there only
        if patch:
            await writer.update("directus_users", [(row["id"], patch)])
        return None
    made = None if settings.admin_token is not None else new_token()
    admin = {
        "first_name": "Admin",
        "last_name": "User",
        "email": settings.admin_email,
        "token": made,
        "role": role,
    }
    await writer.create("directus_users", [admin | secrets])
    if not (what.builtin and settings.seed_demo):
        return made
    if await session.fetch_one("SELECT FROM account LIMIT 1") is None:
        for collection, rows in _DEMO:
            await writer.create(collection, [dict(row) for row in rows])
    return made


async def _news(row: dict[str, Any], secrets: dict[str, Any]) -> dict[str, Any]:
    """Those of the secrets that are not the admin's yet: a new password would end its sessions."""
    news = dict(secrets)
    if "token" in news and row["token"] == token_hash(news["token"]):
        del news["token"]
    if "password" in news and await is_password(
        news["password"], row["password"], Asker("installation")
    ):
        del news["password"]
    return news
