"""A fresh installation, and companies whose tokens are good for some words."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from app.access.secrets import token_hash
from tests.installation import (
    ACCOUNT,
    Client,
    app,
    client,
    client_of,
    installation,
    prepared,
    reset,
    rows,
)
from tests.vendors.scantrust.working import work

__all__ = ["app", "client", "installation", "prepared", "reset", "rows", "work"]

OTHER = "11111111-2222-4333-8444-555555555555"
"""A company that is not the demo's."""


@pytest.fixture
def uat(rows) -> Callable[..., dict[str, str]]:
    """Makes the header of a user's token: of an account, good for some words (none: for all)."""

    def made(*words: str, account: str = ACCOUNT, admin: bool = True, valid: str | None = None):
        user, token = str(uuid4()), uuid4().hex
        rows.execute(
            "INSERT INTO account (id, account_name) VALUES (%s, 'Other') ON CONFLICT DO NOTHING",
            [account],
        )
        rows.execute(
            "INSERT INTO directus_users (id, email, first_name, account, status) "
            "VALUES (%s, %s, 'Jelle', %s, 'active')",
            [user, f"{user}@example.com", account],
        )
        if admin:
            rows.execute(
                'INSERT INTO directus_access (id, policy, "user") '
                "SELECT gen_random_uuid(), id, %s FROM directus_policies "
                "WHERE admin_access LIMIT 1",
                [user],
            )
        rows.execute(
            'INSERT INTO api_credential (account, "user", kind, token, permissions, valid_until) '
            "VALUES (%s, %s, 'scantrust_uat', %s, %s, %s)",
            [account, user, token_hash(token), str(list(words)).replace("'", '"'), valid],
        )
        return {"Authorization": f"UAT {token}"}

    return made


@pytest.fixture
async def as_company(app, installation):
    """Makes a client that sends a header."""
    async with AsyncExitStack() as stack:

        async def made(headers: dict[str, str]) -> Client:
            return await stack.enter_async_context(client_of(app, headers))

        yield made
