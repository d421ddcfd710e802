"""The documents of the public reference, word for word, on a fresh installation."""

import json
from pathlib import Path

import pytest

from app.graphql.documents import Documents
from tests.graphql.test_schema import OURS
from tests.installation import ACCOUNT, PRODUCT

EXAMPLES = json.loads(
    (Path(__file__).parents[1] / "data" / "identifier_job_examples.json").read_text()
)
SAMPLE = {
    "length": 8,
    "quantity": 100,
    "account": ACCOUNT,
    "reference_id": "BATCH-SGTIN-2024",
    "type": "sgtin",
    "product": PRODUCT,
    "character_set": "alphanumeric",
}
WITH_VARIABLES = {
    "create": """mutation Create($data: create_identifier_job_input!) {
  create_identifier_job_item(data: $data) {
    id reference_id type product quantity status account { id account_name }
  }
}""",
    "create_by_value": """mutation Create(
  $length: Int, $quantity: Int, $account: account_link, $reference_id: String, $type: String,
  $product: String, $character_set: String
) {
  create_identifier_job_item(data: {
    length: $length, quantity: $quantity, account: $account, reference_id: $reference_id,
    type: $type, product: $product, character_set: $character_set
  }) { id reference_id type product quantity status account { id account_name } }
}""",
    "retrieve": """query Read($id: ID!) {
  identifier_job_by_id(id: $id) { id length account { id account_name } domain { id domain_name }
    user_created { id first_name last_name } }
}""",
    "update": """mutation Update($id: ID!, $data: update_identifier_job_input!) {
  update_identifier_job_item(id: $id, data: $data) { id status quantity_created reference_id }
}""",
    "delete": "mutation Delete($id: ID!) { delete_identifier_job_item(id: $id) { id } }",
}


def literal(name, key=None):
    return EXAMPLES[name]["graphql"].replace("identifier_job_id", key or "identifier_job_id")


async def test_the_five_documents_literally(client):
    assert await client.data(literal("list")) == {"identifier_job": []}
    made = (await client.data(literal("create")))["create_identifier_job_item"]
    key = made.pop("id")
    assert made == {
        "reference_id": "BATCH-SGTIN-2024",
        "type": "sgtin",
        "product": PRODUCT,
        "quantity": 100,
        "status": "new",
        "account": {"id": ACCOUNT, "account_name": "Demo Account"},
    }
    [listed] = (await client.data(literal("list")))["identifier_job"]
    assert (listed["id"], listed["length"], listed["quantity_created"]) == (key, 8, 0)
    read = (await client.data(literal("retrieve", key)))["identifier_job_by_id"]
    assert (read["user_created"]["first_name"], read["domain"]) == ("Admin", None)
    assert (read["user_updated"], read["error_message"]) == (None, None)
    changed = (await client.data(literal("update", key)))["update_identifier_job_item"]
    assert changed == {
        "id": key,
        "status": "complete",
        "quantity_created": 100,
        "reference_id": "BATCH-SGTIN-2024-COMPLETED",
    }
    deleted = await client.data(literal("delete", key))
    assert deleted == {"delete_identifier_job_item": {"id": key}}
    assert await client.data(literal("list")) == {"identifier_job": []}


@pytest.mark.parametrize("create", ["create", "create_by_value"])
async def test_the_documents_with_variables(client, create):
    given = {"data": SAMPLE} if create == "create" else SAMPLE
    data = await client.data(WITH_VARIABLES[create], **given)
    made = data["create_identifier_job_item"]
    assert made["account"] == {"id": ACCOUNT, "account_name": "Demo Account"}
    key = made["id"]
    read = await client.data(WITH_VARIABLES["retrieve"], id=key)
    assert read["identifier_job_by_id"]["id"] == key
    patch = {"status": "complete", "quantity_created": 100, "reference_id": "DONE"}
    changed = await client.data(WITH_VARIABLES["update"], id=key, data=patch)
    assert changed["update_identifier_job_item"] == {"id": key, **patch}
    deleted = await client.data(WITH_VARIABLES["delete"], id=key)
    assert deleted == {"delete_identifier_job_item": {"id": key}}


@pytest.mark.parametrize(
    "text",
    ["{}", "mutation{}", "{account{}}", "{...{}}", "query A{} query B{account{id}}",
     "fragment A on account{} {account{...A}}"],
)  # fmt: skip
def test_a_selection_of_nothing_is_refused(text):
    """GraphQL specification 2.5; graphql-core 3.3 takes it."""
    document = Documents(OURS, tokens=100).read(text)
    assert document.tree is None
    assert [error.message for error in document.errors] == [
        'Syntax Error: Expected Name, found "}".'
    ]
