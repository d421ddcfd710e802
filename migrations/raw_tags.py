"""Raw tags of earlier versions whose bits say a GS1 key: each becomes the code by that key.

What bits say is for the reader of keys (`CodePath`) to say, as it runs: by its answer such a row is
found from now on. It is a pure function of the GS1 standards, no table and no rule.
"""

import logging
from typing import Any

from alembic import op

from app.codes.code_path import CodeKind, CodePath
from app.codes.errors import CodeError
from migrations.owned_keys import body_of, covers_of

logger = logging.getLogger(__name__)

SCHEMES_WITH_PARTITION = ("30", "31", "33")
"""Headers of SGTIN-96, SSCC-96 and GRAI-96, whose bits say how long the company prefix is."""
LONGEST_PREFIX = 12
AT_ONCE = 10_000
"""Rows in memory."""

TAGS = "SELECT id, code FROM unique_code WHERE type = 'tag'"
TABLE = """
CREATE TEMPORARY TABLE read_tag (
  tag text COLLATE "C" NOT NULL, key text COLLATE "C", kind text, code text, length integer
) ON COMMIT DROP
"""
PRODUCT = "left(t.key, CASE t.kind WHEN 'sgtin' THEN 18 WHEN 'grai' THEN 20 END)"
"""The product that a key names."""
COPY = "COPY read_tag (tag, key, kind, code, length) FROM STDIN"

# Of several tags that say one key the oldest becomes it, unless it is there, or another account's
# by its prefix or product.
CHOOSE = f"""
CREATE TEMPORARY TABLE said_key ON COMMIT DROP AS
WITH keys AS MATERIALIZED (
  SELECT DISTINCT key, {body_of("key")} AS body FROM read_tag WHERE key IS NOT NULL
), judged AS (
  SELECT t.*, c.account, c.date_created, CASE
      WHEN t.key IS NULL THEN 'no key of codes'
      WHEN there.id IS NOT NULL THEN 'there already'
      WHEN v.account <> c.account OR p.account <> c.account THEN 'of another account'
    END AS reason
  FROM read_tag AS t JOIN unique_code AS c ON c.id = t.tag
  LEFT JOIN unique_code AS there ON there.id = t.key
  LEFT JOIN ({covers_of("keys")}) AS v ON v.key = t.key
  LEFT JOIN product AS p ON p.id = {PRODUCT}
)
SELECT tag, key, kind, code, length, coalesce(reason, CASE WHEN row_number() OVER (
  PARTITION BY key, reason ORDER BY date_created, tag) > 1 THEN 'there already' END) AS reason
FROM judged
"""
CONVERT = f"""
UPDATE unique_code AS c SET id = t.key, type = t.kind, code = t.code,
  company_prefix_length = t.length,
  product = CASE WHEN t.kind = 'sscc' THEN c.product ELSE (
    SELECT p.id FROM product AS p WHERE p.id = {PRODUCT}) END
FROM said_key AS t WHERE c.id = t.tag AND t.reason IS NULL
"""
FOLLOW = (
    """
UPDATE scan AS s SET code = c.id FROM said_key AS t JOIN unique_code AS c ON c.id = t.key
WHERE s.code = t.tag AND s.account IS NOT DISTINCT FROM c.account
""",
    """
UPDATE directus_activity AS h SET item = t.key FROM said_key AS t
WHERE h.collection = 'unique_code' AND h.item = t.tag AND t.reason IS NULL
""",
    """
UPDATE directus_revisions AS h SET item = t.key FROM said_key AS t
WHERE h.collection = 'unique_code' AND h.item = t.tag AND t.reason IS NULL
""",
)
# What can't be a code any more stays in the history, as it was.
REMOVE = """
WITH gone AS (
  DELETE FROM unique_code AS c USING said_key AS t WHERE c.id = t.tag AND t.reason IS NOT NULL
  RETURNING c.*
), told AS (
  INSERT INTO directus_activity (action, collection, item, "timestamp", account)
  SELECT 'delete', 'unique_code', id, now(), account FROM gone RETURNING id, item
)
INSERT INTO directus_revisions (activity, collection, item, data, account)
SELECT told.id, 'unique_code', told.item, to_jsonb(gone), gone.account
FROM told JOIN gone ON gone.id = told.item
"""
COUNTS = """
SELECT coalesce(reason, 'converted') AS what, count(*), min(tag) FROM said_key GROUP BY 1 ORDER BY 1
"""


def convert() -> None:
    """Make codes of raw tags that say a GS1 key, and say in the log what became of them."""
    op.execute(TABLE)
    _read()
    op.execute("ANALYZE read_tag")
    op.execute(CHOOSE)
    for statement in (CONVERT, *FOLLOW, REMOVE):
        op.execute(statement)
    for what, count, example in op.get_bind().exec_driver_sql(COUNTS):
        logger.warning("Raw tags that say a GS1 key, %s: %d, such as %s.", what, count, example)


def _read() -> None:
    """Read the bits of all raw tags, some at a time; those of a GS1 key come to `read_tag`."""
    raw: Any = op.get_bind().connection.driver_connection
    with raw.cursor(name="raw_tags") as tags:
        tags.execute(TAGS)
        while rows := tags.fetchmany(AT_ONCE):
            found = [_said(tag, bits) for tag, bits in rows]
            with raw.cursor() as cursor, cursor.copy(COPY) as copy:
                for row in found:
                    if row is not None:
                        copy.write_row(row)


def _said(tag: str, bits: str) -> tuple[str, str | None, str | None, str | None, int | None] | None:
    """The key that bits say, its kind, serial and prefix length; None where they say none.

    Without a key where it is one that codes don't have.
    """
    try:
        code = CodePath.parse(bits)
    except CodeError:
        return tag, None, None, None, None
    if code.kind is CodeKind.TAG:
        return None
    # TDS 14.2: behind the header and three bits of the filter.
    has_length = bits[:2] in SCHEMES_WITH_PARTITION
    length = LONGEST_PREFIX - (int(bits[2:4], 16) >> 2 & 7) if has_length else None
    return tag, code.path, str(code.kind), code.serial, length
