"""What the Python clients do with a fresh installation: run as a script of its own.

py-directus changes how the whole process writes JSON, so it is kept out of the tests' own.
"""

import asyncio
import os

from directus_py_sdk import DirectusClient
from py_directus import Directus

SERVER, TOKEN = os.environ["SERVER"], os.environ["TOKEN"]
CASE = "/01/09312345552016"


async def py_directus() -> None:
    client = await Directus(SERVER, token=TOKEN)
    products = client.collection("product")
    found = await products.filter(product_name__contains="Case").fields("id").read()
    assert found.items == [{"id": CASE}], found.items
    total = await client.collection("product").aggregate().read()
    assert int(total.items[0]["count"]) == 5, total.items
    made = await client.collection("domain").create({"domain_name": "py.example.com"})
    key = made.item["id"]
    changed = await client.collection("domain").update(key, {"type": "short"})
    assert changed.item["type"] == "short"
    await client.collection("domain").delete(key)
    users = await client.collection("directus_users").read()
    assert "admin@example.com" in {user["email"] for user in users.items}
    await client.close_connection()
    other = await Directus(SERVER, email="c@example.com", password="a long password")
    assert (await other.collection("product").read()).items[0].keys() == {"id"}
    await other.close_connection()


def directus_py_sdk() -> None:
    client = DirectusClient(SERVER, token=TOKEN)
    assert client.me()["email"] == "admin@example.com"
    assert len(client.get_items("product")) == 5
    assert client.get_pk_field("product")["field"] == "id"
    assert client.get_collection("product")["collection"] == "product"
    role = client.post("/roles", json={"name": "Clients"})["data"]["id"]
    policy = {
        "policy": {
            "name": "Clients",
            "permissions": [{"collection": "product", "action": "read", "fields": ["id"]}],
        }
    }
    client.patch(f"/roles/{role}", json={"policies": [policy]})
    client.create_user({"email": "c@example.com", "password": "a long password", "role": role})
    client.bulk_insert("domain", [{"domain_name": f"n{n}.example.com"} for n in range(250)])
    found = client.search(
        "/items/domain", {"query": {"limit": -1, "filter": {"domain_name": {"_starts_with": "n"}}}}
    )
    assert len(found) == 250, len(found)
    key = client.create_item("domain", {"domain_name": "x.example.com"})["data"]["id"]
    client.update_item("domain", key, {"type": "short"})
    assert client.get_item("domain", key)["type"] == "short"
    client.delete_item("domain", key)
    logged_in = DirectusClient(SERVER, email="c@example.com", password="a long password")
    assert logged_in.get_items("product")[0].keys() == {"id"}


directus_py_sdk()
asyncio.run(py_directus())
