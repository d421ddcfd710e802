"""Migration 0006: raw tags become codes, and what is of no account comes to the owner of its key.

An installation of the version before, in one database.
"""

import json

import psycopg
import pytest
from alembic import command

from app.codes import epc_plus
from app.codes.code_path import CodePath
from app.codes.epc_binary import encode
from app.codes.epc_uri import Epc
from app.codes.errors import CodeError
from app.codes.gtin import Sgtin
from app.database import migrate
from tests.installation import own_database

A, B = "aaaaaaaa-0000-4000-8000-00000000000a", "aaaaaaaa-0000-4000-8000-00000000000b"
JOBS = [f"bbbbbbbb-0000-4000-8000-00000000000{n}" for n in range(6)]
RAW = "urn:epc:raw:96.x"
P = "/01/04012345000009"


def bits(uri, filter_value=0):
    return encode(Epc.parse(uri), filter_value)


SGTIN = bits("urn:epc:id:sgtin:4012345.000000.55")
TAGS = {
    SGTIN: A,
    bits("urn:epc:id:sgtin:4012345.000000.55", 3): A,  # the same item, with another filter
    bits("urn:epc:id:sgtin:4012345.000000.56"): B,
    bits("urn:epc:id:sgtin:4012345.000000.57"): A,  # an SGTIN is there by that key
    bits("urn:epc:id:sgtin:401234500.0000.58"): A,  # a company prefix of another length
    bits("urn:epc:id:sscc:4012345.0000000001"): A,
    bits("urn:epc:id:grai:4012345.00001.7"): None,
    bits("urn:epc:id:sgtin:8888888.000000.1"): B,  # nobody's
    bits("urn:epc:id:sgtin:7612345.000000.1"): B,  # of a product of the other account
    epc_plus.encode(epc_plus.EpcPlus(Sgtin.parse("04012345000009", "5"))).ljust(24, "0"): A,
    "3214257BF4499602D2000000": A,  # SGLN: no key of codes
    "30FFFFFFFFFFFFFFFFFFFFFF": A,  # no partition
    "800200010000000000000008": A,  # Kit Check's
    "E20000000000000000000001": B,
}

BEFORE = """
INSERT INTO account (id, account_name, company_prefix_length) VALUES
  (%(a)s, 'A', 7), (%(b)s, 'B', 9);
INSERT INTO product (id, product_name, account, company_prefix_length, sku) VALUES
  ('/01/04012345000009', 'A1', %(a)s, NULL, 'S1'),
  ('/01/04012345670004', 'Nine', %(a)s, 9, NULL),
  ('/01/04012345100006', 'Free', NULL, NULL, NULL),
  ('/01/04012345200003', 'Same SKU', NULL, NULL, 'S1'),
  ('/01/04012345300000', 'SKU twice 1', NULL, NULL, 'S2'),
  ('/01/04012345400007', 'SKU twice 2', NULL, NULL, 'S2'),
  ('own', 'Own', NULL, NULL, NULL), ('/01/05012345000008', 'Nobody', NULL, 7, NULL),
  ('/01/07612345000008', 'Both 1', %(a)s, NULL, NULL),
  ('/01/07612345000015', 'Both 2', %(b)s, 7, NULL),
  ('/01/00000096385074', 'GTIN-8', %(a)s, NULL, NULL),
  ('/01/00000096385081', 'GTIN-8 free', NULL, NULL, NULL);
UPDATE product SET gtin = '04012345100013' WHERE id = 'own';
INSERT INTO domain (id, account, domain_name) VALUES
  (%(a)s, %(a)s, 'a.com'), (%(b)s, NULL, 'n.com');
INSERT INTO identifier_job (id, account, type, quantity, product, sscc_company_prefix, domain)
VALUES
  (%(j0)s, NULL, 'sgtin', 1, '/01/04012345100006', NULL, NULL),
  (%(j1)s, NULL, 'sscc', 1, NULL, '401234599', NULL),
  (%(j2)s, NULL, 'short_code', 1, NULL, NULL, %(a)s),
  (%(j3)s, NULL, 'short_code', 1, NULL, NULL, %(b)s),
  (%(j4)s, NULL, 'sgtin', 1, '/01/04012345200003', NULL, NULL),
  (%(j5)s, %(b)s, 'sgtin', 1, NULL, NULL, NULL);
INSERT INTO code_pool (product, min_available, job_quantity)
  VALUES ('/01/04012345100006', 1, 1);
INSERT INTO unique_code (id, type, code, account, product) VALUES
  ('/01/04012345000009/21/57', 'sgtin', '57', %(a)s, '/01/04012345000009'),
  ('/01/04012345100006/21/1', 'sgtin', '1', NULL, '/01/04012345100006'),
  ('/01/00000096385081/21/1', 'sgtin', '1', NULL, '/01/00000096385081'),
  ('/01/05012345000008/21/1', 'sgtin', '1', NULL, '/01/05012345000008'),
  ('a.com/x', 'short_code', 'x', NULL, NULL), ('n.com/x', 'short_code', 'x', NULL, NULL);
INSERT INTO code_space (id, key_prefix, alphabet, length) VALUES
  (%(j0)s, '/01/04012345670004/21/', '0123456789', 6), (%(j1)s, '/01/04012345000009/21/', '01', 6),
  (%(j2)s, '/01/04012345680003/21/', '0123456789', 6), (%(j3)s, '/00/0401234599', '0123456789', 7),
  (%(j4)s, '/01/06612345000004/21/', '0123456789', 6), (%(j5)s, 'a.com/', '01', 6);
INSERT INTO code_range (code_space, identifier_job, first_position, quantity, minted_at) VALUES
  (%(j4)s, %(j5)s, 0, 1, now());
INSERT INTO directus_activity (id, action, collection, item, "timestamp") VALUES
  (101, 'create', 'product', '/01/04012345680003', now()),
  (102, 'create', 'unique_code', %(tag)s, now());
INSERT INTO directus_revisions (activity, collection, item, data) VALUES
  (101, 'product', '/01/04012345680003', '{"company_prefix_length": 9, "account": null}'),
  (102, 'unique_code', %(tag)s, '{"type": "tag"}');
"""


@pytest.fixture(scope="module")
def old(database_url):
    """The URL of the database, before."""
    values = {"a": A, "b": B, "tag": RAW + SGTIN, **{f"j{n}": key for n, key in enumerate(JOBS)}}
    with own_database(database_url) as url:
        migrate.upgrade_to(url, "0005")
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in BEFORE.split(";\n"):
                if statement.strip():
                    connection.execute(statement, values)
            for place, (tag, account) in enumerate(TAGS.items()):
                connection.execute(
                    "INSERT INTO unique_code (id, type, code, account, product, scm_data, "
                    "activation_status, date_created) "
                    "VALUES (%s, 'tag', %s, %s, 'own', %s, 1, now() + %s * interval '1 second')",
                    (RAW + tag, tag, account, json.dumps({"at": place}), place),
                )
                connection.execute(
                    "INSERT INTO scan (id, code, scanned_key, account) "
                    "VALUES (gen_random_uuid(), %s, %s, %s)",
                    (RAW + tag, RAW + tag, account),
                )
        yield url


@pytest.fixture(scope="module")
def migrated(old):
    migrate.upgrade(old)
    with psycopg.connect(old, autocommit=True) as connection:
        yield connection


def all_of(connection, statement, *values):
    return [tuple(map(str, row)) for row in connection.execute(statement, values).fetchall()]


def code(connection, key):
    """Account, type, serial, product, length and SCM data of a code."""
    return all_of(
        connection,
        "SELECT account, type, code, product, company_prefix_length, scm_data ->> 'at' "
        "FROM unique_code WHERE id = %s",
        key,
    )


def test_raw_tags_become_the_codes_that_their_bits_say(migrated):
    assert code(migrated, f"{P}/21/55") == [(A, "sgtin", "55", P, "7", "0")]
    assert code(migrated, f"{P}/21/58") == [(A, "sgtin", "58", P, "9", "4")]
    assert code(migrated, f"{P}/21/5") == [(A, "sgtin", "5", P, "7", "9")]
    sscc = CodePath.parse(bits("urn:epc:id:sscc:4012345.0000000001")).serial
    assert code(migrated, f"/00/{sscc}") == [(A, "sscc", sscc, "own", "7", "5")]
    grai = CodePath.parse(bits("urn:epc:id:grai:4012345.00001.7")).path
    assert code(migrated, grai) == [(A, "grai", "7", "None", "7", "6")]
    nobodys = CodePath.parse(bits("urn:epc:id:sgtin:8888888.000000.1")).path
    assert code(migrated, nobodys) == [(B, "sgtin", "1", "None", "7", "7")]


def test_what_says_no_key_stays_a_raw_tag_and_no_other(migrated):
    stayed = {key for (key,) in all_of(migrated, "SELECT id FROM unique_code WHERE type = 'tag'")}
    assert stayed == {RAW + "800200010000000000000008", RAW + "E20000000000000000000001"}
    for tag in TAGS:
        try:
            path = CodePath.parse(tag).path
        except CodeError:
            continue
        if path.startswith(RAW):
            assert RAW + tag in stayed


def test_tags_that_cant_be_codes_are_kept_in_the_history(migrated):
    removed = all_of(
        migrated,
        "SELECT r.item, r.account, r.data ->> 'activation_status' FROM directus_activity AS a "
        "JOIN directus_revisions AS r ON r.activity = a.id WHERE a.action = 'delete'",
    )
    assert set(removed) == {
        (RAW + bits("urn:epc:id:sgtin:4012345.000000.55", 3), A, "1"),
        (RAW + bits("urn:epc:id:sgtin:4012345.000000.56"), B, "1"),
        (RAW + bits("urn:epc:id:sgtin:4012345.000000.57"), A, "1"),
        (RAW + bits("urn:epc:id:sgtin:7612345.000000.1"), B, "1"),
        (RAW + "3214257BF4499602D2000000", A, "1"),
        (RAW + "30FFFFFFFFFFFFFFFFFFFFFF", A, "1"),
    }
    assert code(migrated, f"{P}/21/57") == [(A, "sgtin", "57", P, "7", "None")]
    assert code(migrated, f"{P}/21/56") == []


def test_scans_and_history_follow_their_codes(migrated):
    scans = dict(all_of(migrated, "SELECT scanned_key, code FROM scan"))
    assert scans[RAW + SGTIN] == f"{P}/21/55"
    assert scans[RAW + bits("urn:epc:id:sgtin:4012345.000000.55", 3)] == f"{P}/21/55"
    assert scans[RAW + bits("urn:epc:id:sgtin:4012345.000000.57")] == f"{P}/21/57"
    assert scans[RAW + "800200010000000000000008"] == RAW + "800200010000000000000008"
    for table in ("directus_activity", "directus_revisions"):
        found = all_of(migrated, f"SELECT account FROM {table} WHERE item = %s", f"{P}/21/55")
        assert found == [(A,)]


def test_what_is_of_no_account_comes_to_its_owner_where_nothing_is_in_the_way(migrated):
    products = dict(all_of(migrated, "SELECT id, account FROM product"))
    adopted = {"/01/04012345100006", "own", "/01/04012345300000", "/01/00000096385081"}
    assert {key for key in products if products[key] == A} == adopted | {
        P,
        "/01/04012345670004",
        "/01/00000096385074",
        "/01/07612345000008",
    }
    codes = dict(all_of(migrated, "SELECT id, account FROM unique_code"))
    for key in ("/01/04012345100006/21/1", "/01/00000096385081/21/1", "a.com/x"):
        assert codes[key] == A
    for key in ("/01/05012345000008/21/1", "n.com/x"):
        assert codes[key] == "None"
    jobs = all_of(migrated, "SELECT account FROM identifier_job ORDER BY id")
    assert [account for (account,) in jobs] == [A, A, A, "None", "None", B]
    assert all_of(migrated, "SELECT account FROM code_pool") == [(A,)]


def test_code_spaces_keep_the_length_of_codes_that_are_gone(migrated):
    spaces = all_of(
        migrated, "SELECT key_prefix, length, company_prefix_length FROM code_space ORDER BY 1"
    )
    assert [space for space in spaces if space[1] != "0"] == [
        ("/00/0401234599", "7", "9"),
        ("/01/04012345000009/21/", "6", "7"),
        ("/01/04012345670004/21/", "6", "9"),
        ("/01/04012345680003/21/", "6", "9"),
        ("/01/06612345000004/21/", "6", "9"),
        ("a.com/", "6", "None"),
    ]
    # One code under a prefix of seven digits says nine.
    assert [space for space in spaces if space[1] == "0"] == [(f"{P}/21/58", "0", "9")]


def test_it_can_be_undone(migrated, old):
    """Last of this module: the version before finds its tables, and the codes of now."""
    with migrate._locked(old) as connection:
        command.downgrade(migrate._config(connection), "0005")
        connection.commit()
    assert all_of(migrated, "SELECT min(length) FROM code_space") == [("6",)]
    migrate.upgrade(old)
    assert migrate.differences(old) == []
