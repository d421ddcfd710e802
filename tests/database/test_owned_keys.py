"""Migration 0006: keys that were in use get their owners, and EPCs stay as they were given out."""

import psycopg
import pytest

from app.database import migrate
from tests.installation import own_database

A, B = "aaaaaaaa-0000-4000-8000-00000000000a", "aaaaaaaa-0000-4000-8000-00000000000b"
JOB = "bbbbbbbb-0000-4000-8000-000000000001"

BEFORE = """
INSERT INTO account (id, account_name, company_prefix_length) VALUES
  (%(a)s, 'A', 7), (%(b)s, 'B', NULL);
INSERT INTO directus_users (id, email, account) VALUES (%(a)s, 'a@a.com', %(a)s);
INSERT INTO product (id, product_name, account, company_prefix_length) VALUES
  ('/01/04012345000009', 'A1', %(a)s, NULL), ('/01/14012345000006', 'A2', %(a)s, NULL),
  ('/01/00000096385074', 'GTIN-8', %(a)s, NULL), ('/01/05000000000005', 'Nine', %(a)s, 9),
  ('/8003/06141411234567', 'Both 1', %(a)s, NULL), ('/01/06141411234562', 'Both 2', %(b)s, 7),
  ('/01/07612345000008', 'No length', %(b)s, NULL), ('own', 'Own', %(b)s, NULL),
  ('/01/03333333000006', 'Under it 1', %(a)s, 7), ('/01/03333333100003', 'Minted', NULL, NULL),
  ('/01/03444444000003', 'Under it 2', %(a)s, 7), ('/01/03444444100000', 'Bare', %(b)s, NULL);
INSERT INTO identifier_job (id, account, type, quantity, sscc_company_prefix)
  VALUES (%(job)s, %(a)s, 'sscc', 1, '761234567');
INSERT INTO identifier_job (account, type, quantity, product)
  VALUES (%(b)s, 'sgtin', 1, '/01/03333333100003');
INSERT INTO unique_code (id, account, type, code, product, identifier_job) VALUES
  ('/01/04012345000009/21/1', %(a)s, 'sgtin', '1', '/01/04012345000009', NULL),
  ('/01/00000096385074/21/1', %(a)s, 'sgtin', '1', '/01/00000096385074', NULL),
  ('/01/05000000000005/21/1', %(a)s, 'sgtin', '1', '/01/05000000000005', NULL),
  ('/00/076123456700000010', %(a)s, 'sscc', '076123456700000010', NULL, %(job)s),
  ('/01/07612345000008/21/1', %(b)s, 'sgtin', '1', '/01/07612345000008', NULL);
INSERT INTO domain (account, domain_name) VALUES (%(a)s, 'a.com');
INSERT INTO campaign (id, name, max_scan_count, account) VALUES
  (1, 'C', 3, %(a)s), (2, 'D', NULL, %(a)s);
INSERT INTO directus_activity (id, action, "user", collection, item, "timestamp") VALUES
  (1, 'create', NULL, 'product', 'own', now()), (2, 'login', %(a)s, 'directus_users', 'x', now()),
  (3, 'create', NULL, 'product', 'gone', now()), (4, 'update', NULL, 'account', %(b)s, now());
INSERT INTO directus_revisions (activity, collection, item) VALUES (1, 'product', 'own');
"""

WATCHED = """
CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER tell_of_callers AFTER UPDATE OF token ON directus_users
  FOR EACH STATEMENT EXECUTE FUNCTION told();
CREATE TRIGGER tell_of_callers AFTER UPDATE OF token ON api_credential
  FOR EACH STATEMENT EXECUTE FUNCTION told();
"""
"""As an installation has them that ran: what runs after every migration names columns."""


@pytest.fixture(scope="module")
def migrated(database_url):
    with own_database(database_url) as url:
        migrate.upgrade_to(url, "0005")
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in BEFORE.split(";"):
                if statement.strip():
                    connection.execute(statement, {"a": A, "b": B, "job": JOB})
            connection.execute(WATCHED)
            migrate.upgrade(url)
            yield connection


def all_of(connection, statement):
    return {tuple(str(value) for value in row) for row in connection.execute(statement).fetchall()}


def test_what_was_in_use_is_assigned_and_what_two_claim_is_nobodys(migrated):
    assert all_of(migrated, "SELECT digits, kind, account FROM company_prefix") == {
        ("4012345", "ordinary", A),
        ("963", "gtin8", A),
        ("500000000", "ordinary", A),
        ("761234567", "ordinary", A),
    }


def test_codes_keep_the_length_their_epcs_were_given_out_with(migrated):
    found = all_of(migrated, "SELECT id, company_prefix_length FROM unique_code")
    assert found == {
        ("/01/04012345000009/21/1", "7"),
        ("/01/00000096385074/21/1", "8"),
        ("/01/05000000000005/21/1", "9"),
        ("/00/076123456700000010", "9"),
        ("/01/07612345000008/21/1", "None"),
    }


def test_history_is_the_accounts_whose_rows_it_is_about(migrated):
    found = all_of(migrated, "SELECT id, account FROM directus_activity")
    assert found == {("1", B), ("2", A), ("3", "None"), ("4", B)}
    assert all_of(migrated, "SELECT account FROM directus_revisions") == {(B,)}


def test_domains_stay_in_use_and_campaigns_do_what_they_did(migrated):
    assert all_of(migrated, "SELECT state, verification_code IS NULL FROM domain") == {
        ("verified", "False")
    }
    found = all_of(migrated, "SELECT id, blacklist_on_max_scan_count FROM campaign")
    assert found == {("1", "True"), ("2", "False")}
