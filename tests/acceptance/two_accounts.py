"""Two accounts whose users may do everything with what is theirs, and what they ask."""

import pytest

from app.access.secrets import token_hash
from tests.installation import client_of

A, B = "aaaaaaaa-0000-4000-8000-00000000000a", "aaaaaaaa-0000-4000-8000-00000000000b"
PREFIX_A, PREFIX_B = "4012345", "7612345"
GTIN_A, GTIN_B = "04012345000009", "07612345000008"
BUSINESS = (
    "account api_credential brand campaign code_pool code_reservation company_prefix document "
    "domain identifier_job product scan scm_field scm_task unique_code webhook webhook_delivery "
    "workorder directus_users"
).split()

SEED = """
INSERT INTO account (id, account_name) VALUES (%(a)s, 'A'), (%(b)s, 'B');
INSERT INTO company_prefix (account, digits) VALUES (%(a)s, '4012345'), (%(b)s, '7612345');
INSERT INTO domain (account, domain_name, type, state) VALUES
  (%(a)s, 'go.a.com', 'short', 'verified'),
  (%(b)s, 'go.b.com', 'short', 'verified');
INSERT INTO directus_roles (id, name) VALUES (%(role)s, 'Business');
INSERT INTO directus_policies (id, name) VALUES (%(role)s, 'Business');
INSERT INTO directus_access (role, policy) VALUES (%(role)s, %(role)s);
INSERT INTO directus_permissions (policy, collection, action, fields)
  SELECT %(role)s, c, a, '*'
  FROM unnest(%(collections)s::text[]) AS c, unnest('{create,read,update,delete}'::text[]) AS a;
INSERT INTO directus_users (email, token, account, role) VALUES
  ('user@a.com', %(token_a)s, %(a)s, %(role)s), ('user@b.com', %(token_b)s, %(b)s, %(role)s);
"""


@pytest.fixture
def two_accounts(rows):
    values = {
        "a": A,
        "b": B,
        "role": "cccccccc-0000-4000-8000-00000000000a",
        "collections": BUSINESS,
        "token_a": token_hash("token-of-a"),
        "token_b": token_hash("token-of-b"),
    }
    for statement in SEED.split(";"):
        if statement.strip():
            rows.execute(statement, values)


@pytest.fixture
async def a(app, client, two_accounts):
    async with client_of(app, headers={"Authorization": "Bearer token-of-a"}) as made:
        yield made


@pytest.fixture
async def b(app, client, two_accounts):
    async with client_of(app, headers={"Authorization": "Bearer token-of-b"}) as made:
        yield made


@pytest.fixture
async def anybody(app, client):
    async with client_of(app, headers={}) as made:
        yield made


async def created(client, collection, payload):
    response = await client.post(f"/items/{collection}", json=payload)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def errors(response):
    return [error["extensions"] for error in response.json()["errors"]]


def is_unowned(response):
    """Refused, with what one has to have and who gives it."""
    assert response.status_code == 400, response.text
    sentence = response.json()["errors"][0]["message"]
    assert "The admin of the installation" in sentence, sentence
    return True


async def scanned(anybody, path, host=None):
    headers = {"Accept": "application/json"} | ({"Host": host} if host else {})
    return (await anybody.get(path, headers=headers)).json()
