"""What migration 0006 makes of the keys there are: prefixes, lengths, and whose the rest becomes.

Rows are told by sets: an installation may have millions of codes.
"""


def body_of(key: str) -> str:
    """Of a GS1 key, an SQL expression, the digits that begin with the company prefix."""
    return f"""CASE
      WHEN {key} ~ '^/0[01]/[0-9]{{5}}' THEN substr({key}, 6, 12)
      WHEN {key} ~ '^/800[36]/[0-9]{{14}}' THEN substr({key}, 8, 12)
      WHEN {key} ~ '^/(253|255|40[0-3]|41[0-9])/[0-9]{{4}}' THEN substr({key}, 6, 12)
      WHEN {key} ~ '^/80(04|10|13|17|18)/[0-9]{{4}}' THEN substr({key}, 7, 12) END"""


def covers_of(keys: str) -> str:
    """What covers each of some keys: key, account, length. `keys`: a table of `key` and `body`."""
    return f"""
  SELECT k.key, p.account, n AS length
  FROM {keys} AS k CROSS JOIN generate_series(4, 12) AS n
  JOIN company_prefix AS p ON p.kind = 'ordinary' AND p.digits = left(k.body, n)
    AND length(p.digits) = n
  WHERE k.body NOT LIKE '00000%'
  UNION ALL
  SELECT k.key, p.account, 8 FROM {keys} AS k
  JOIN company_prefix AS p ON p.kind = 'gtin8' AND p.digits = substr(k.body, 6, 3)
  WHERE k.key LIKE '/01/%' AND k.body LIKE '00000%'"""


_PRODUCT = "^(/01/[0-9]{14}|/8003/0[0-9]{13})$"
_STEM = "left({code}.id, CASE {code}.type WHEN 'sgtin' THEN 22 ELSE 20 END)"
"""What all codes of a product begin with; also the key prefix of their code space."""

# The SSCCs that jobs took, as runs of keys.
SSCC_RUNS = """
CREATE TEMPORARY TABLE sscc_run ON COMMIT DROP AS
SELECT s.id AS code_space, r.identifier_job, substr(s.key_prefix, 6) AS digits,
  (s.key_prefix || lpad(r.first_position::text, 21 - length(s.key_prefix), '0') || '0')
    COLLATE "C" AS first,
  (s.key_prefix || lpad((r.first_position + r.quantity - 1)::text, 21 - length(s.key_prefix), '0')
    || '9') COLLATE "C" AS last
FROM code_space AS s JOIN code_range AS r ON r.code_space = s.id
WHERE s.key_prefix LIKE '/00/%' AND r.minted_at IS NOT NULL
"""

# The lengths that were in use, with the keys they were used for, become the accounts' prefixes.
# Where two accounts used the same digits nobody gets them: the installation's admin has to say
# whose they are. Of an account's own that overlap, the shortest stays: all that the account had is
# under it, and what was given out with another length keeps that (KEEP). A product that nobody
# said a length of, or one of no account that an account minted for, makes no prefix; but it is in
# the way of others' (`is_sized`).
PREFIXES = f"""
WITH used AS (
  SELECT p.account, coalesce(p.company_prefix_length, a.company_prefix_length) AS length,
    CASE WHEN p.id LIKE '/01/%' THEN substr(p.id, 6, 12) ELSE substr(p.id, 8, 12) END AS body,
    p.id LIKE '/01/_00000%' AS is_gtin8
  FROM product AS p JOIN account AS a ON a.id = p.account
  WHERE p.id ~ '{_PRODUCT}'
), claimed AS MATERIALIZED (
  SELECT account, left(body, coalesce(length, 12)) AS digits, 'ordinary' AS kind,
    length IS NOT NULL AS is_sized
  FROM used WHERE body NOT LIKE '00000%'
  UNION
  SELECT account, substr(body, 6, 3), 'gtin8', true FROM used WHERE is_gtin8
  UNION
  SELECT j.account,
    CASE WHEN p.id LIKE '/01/_00000%' THEN substr(p.id, 11, 3) ELSE {body_of("p.id")} END,
    CASE WHEN p.id LIKE '/01/_00000%' THEN 'gtin8' ELSE 'ordinary' END, false
  FROM identifier_job AS j JOIN product AS p ON p.id = j.product
  WHERE j.account IS NOT NULL AND p.account IS NULL AND p.id ~ '{_PRODUCT}'
    AND j.type IN ('sgtin', 'grai')
  UNION
  SELECT account, sscc_company_prefix, 'ordinary', true FROM identifier_job
  WHERE account IS NOT NULL AND sscc_company_prefix ~ '^[0-9]{{4,12}}$'
    AND sscc_company_prefix !~ '^0000(0|$)'
  UNION
  SELECT c.account, r.digits, 'ordinary', true FROM sscc_run AS r
  CROSS JOIN LATERAL (SELECT account FROM unique_code
    WHERE id >= r.first AND id <= r.last AND account IS NOT NULL LIMIT 1) AS c
  WHERE r.digits !~ '^0000(0|$)'
), pairs AS MATERIALIZED (
  SELECT c.account, c.digits, c.kind, o.account AS other, o.digits AS start
  FROM claimed AS c CROSS JOIN LATERAL generate_series(3, length(c.digits)) AS n
  JOIN claimed AS o ON o.kind = c.kind AND o.digits = left(c.digits, n)
  WHERE (o.account, o.digits) <> (c.account, c.digits)
)
INSERT INTO company_prefix (account, digits, kind, note)
SELECT account, digits, kind, 'Was in use when prefixes got owners.' FROM (
  SELECT account, digits, kind FROM claimed WHERE is_sized
  EXCEPT SELECT account, digits, kind FROM pairs
  EXCEPT SELECT other, start, kind FROM pairs WHERE account <> other
) AS apart
"""

# What EPCs were read with until now stays as it was given out; GTIN-8s have five zeros and three
# digits (GS1 EPC Tag Data Standard 7).
CODE_LENGTHS = """
UPDATE unique_code AS c SET company_prefix_length = known.length
FROM (
  SELECT c.id, CASE WHEN c.id ~ '^/01/[0-9]00000' THEN 8 ELSE coalesce(
    p.company_prefix_length, CASE WHEN c.type = 'sscc' THEN length(j.sscc_company_prefix) END,
    a.company_prefix_length) END AS length
  FROM unique_code AS c
  LEFT JOIN product AS p ON p.id = c.product
  LEFT JOIN identifier_job AS j ON j.id = c.identifier_job
  LEFT JOIN account AS a ON a.id = c.account
  WHERE c.type IN ('sgtin', 'sscc', 'grai') AND c.company_prefix_length IS NULL
) AS known
WHERE known.id = c.id AND known.length IS NOT NULL
"""

# How long the company prefix is in the keys of each product and GS1 code space: as most of the
# codes have it; where they are gone, as the product had it, or its account, also when that is gone.
KEY_LENGTHS = f"""
CREATE TEMPORARY TABLE key_length ON COMMIT DROP AS
WITH counted AS (
  SELECT {_STEM.format(code="c")} AS key, c.company_prefix_length AS length, count(*) AS many
  FROM unique_code AS c
  WHERE c.type IN ('sgtin', 'grai') AND c.company_prefix_length IS NOT NULL GROUP BY 1, 2
), spaces AS MATERIALIZED (
  SELECT id, key_prefix, regexp_replace(key_prefix, '/21/$', '') AS product FROM code_space
  WHERE key_prefix ~ '^(/01/[0-9]{{14}}/21/|/8003/0[0-9]{{13}})$'
), known AS (
  SELECT 1 AS place, key, length, many FROM counted
  UNION ALL
  SELECT 2, p.id || CASE WHEN p.id LIKE '/01/%' THEN '/21/' ELSE '' END,
    coalesce(p.company_prefix_length, a.company_prefix_length), 0
  FROM product AS p LEFT JOIN account AS a ON a.id = p.account WHERE p.id ~ '{_PRODUCT}'
  UNION ALL
  SELECT 3, s.key_prefix, coalesce(substring(r.data ->> 'company_prefix_length'
    FROM '^[0-9]{{1,2}}$')::int, a.company_prefix_length), r.id
  FROM spaces AS s JOIN directus_revisions AS r
    ON r.collection = 'product' AND r.item = s.product
  LEFT JOIN account AS a ON a.id::text = r.data ->> 'account'
  WHERE NOT EXISTS (SELECT FROM product AS p WHERE p.id = s.product)
  UNION ALL
  SELECT 4, s.key_prefix, a.company_prefix_length, 0 FROM spaces AS s
  JOIN code_range AS r ON r.code_space = s.id
  JOIN identifier_job AS j ON j.id = r.identifier_job JOIN account AS a ON a.id = j.account
)
SELECT DISTINCT ON (key) key, CASE WHEN key ~ '^/01/[0-9]00000' THEN 8 ELSE length END AS length,
  {body_of("key")} AS body
FROM known WHERE length IS NOT NULL OR key ~ '^/01/[0-9]00000'
ORDER BY key, place, many DESC, length
"""

SPACES = """
UPDATE code_space AS s SET company_prefix_length = k.length FROM key_length AS k
WHERE k.key = s.key_prefix
"""

# Of SSCCs the code space says how long the prefix is, unless its job was for a product that did.
SSCC_SPACES = """
WITH counted AS (
  SELECT r.code_space, c.length, count(*) AS many
  FROM sscc_run AS r CROSS JOIN LATERAL (SELECT company_prefix_length AS length FROM unique_code
    WHERE id >= r.first AND id <= r.last AND company_prefix_length IS NOT NULL OFFSET 0) AS c
  GROUP BY 1, 2
  UNION ALL
  SELECT r.code_space, p.company_prefix_length, 0 FROM sscc_run AS r
  JOIN identifier_job AS j ON j.id = r.identifier_job
  JOIN product AS p ON p.id = j.product WHERE p.company_prefix_length IS NOT NULL
)
UPDATE code_space AS s SET company_prefix_length = coalesce(
  (SELECT c.length FROM counted AS c WHERE c.code_space = s.id ORDER BY many DESC, length LIMIT 1),
  length(s.key_prefix) - length('/00/0'))
WHERE s.key_prefix LIKE '/00/%'
"""

# Products said nothing where their account did. An account's length is gone now, and the prefix has
# another, or there is none.
PRODUCTS = f"""
UPDATE product AS p SET company_prefix_length = k.length
FROM key_length AS k LEFT JOIN ({covers_of("key_length")}) AS v ON v.key = k.key
WHERE k.key = p.id || CASE WHEN p.id LIKE '/01/%' THEN '/21/' ELSE '' END
  AND p.company_prefix_length IS NULL AND k.length IS DISTINCT FROM v.length
"""

# Where the prefix would give another length than keys were given out with, a code space keeps
# theirs, as for minted ones: an empty one for a product, or for one key that differs from the rest.
KEEP = f"""
INSERT INTO code_space (key_prefix, alphabet, length, company_prefix_length)
SELECT k.key, '0123456789', 0, k.length FROM key_length AS k
JOIN ({covers_of("key_length")}) AS v ON v.key = k.key AND v.length <> k.length
WHERE NOT EXISTS (SELECT FROM code_space AS s WHERE s.key_prefix = k.key)
UNION ALL
SELECT c.id, '0123456789', 0, c.company_prefix_length FROM key_length AS k
JOIN unique_code AS c ON {_STEM.format(code="c")} = k.key AND c.type IN ('sgtin', 'grai')
  AND c.company_prefix_length <> k.length
"""
KEEP_SSCCS = """
INSERT INTO code_space (key_prefix, alphabet, length, company_prefix_length)
WITH minted AS MATERIALIZED (
  SELECT c.id, c.company_prefix_length AS length,
    c.company_prefix_length <> s.company_prefix_length AS differs
  FROM sscc_run AS r JOIN code_space AS s ON s.id = r.code_space
  CROSS JOIN LATERAL (SELECT id, company_prefix_length FROM unique_code
    WHERE id >= r.first AND id <= r.last OFFSET 0) AS c
), brought AS MATERIALIZED (
  SELECT c.id, c.company_prefix_length AS length
  FROM company_prefix AS p CROSS JOIN generate_series(0, 9) AS extension
  CROSS JOIN LATERAL (SELECT id, company_prefix_length FROM unique_code
    WHERE id >= ('/00/' || extension || p.digits) COLLATE "C"
      AND id < ('/00/' || extension || p.digits || '~') COLLATE "C" OFFSET 0) AS c
  WHERE p.kind = 'ordinary' AND c.company_prefix_length <> length(p.digits)
)
SELECT id, '0123456789', 0, length FROM (
  SELECT id, length FROM minted WHERE differs
  UNION
  SELECT b.id, b.length FROM brought AS b WHERE NOT EXISTS (SELECT FROM minted WHERE id = b.id)
) AS kept
"""

# What there is of no account under a prefix or domain comes to its account, as when the admin adds
# one. A product stays where its account has its SKU or NDC already, or its brand or campaign is of
# another.
ADOPT_PRODUCTS = f"""
CREATE TEMPORARY TABLE adopted ON COMMIT DROP AS
WITH keys AS MATERIALIZED (
  SELECT k.product, k.key, {body_of("k.key")} AS body FROM (
    SELECT id AS product, id AS key FROM product WHERE account IS NULL
    UNION
    SELECT id, '/01/' || lpad(gtin, 14, '0') FROM product WHERE account IS NULL AND gtin IS NOT NULL
  ) AS k
), owned AS (
  SELECT k.product, (min(v.account::text))::uuid AS account
  FROM keys AS k JOIN ({covers_of("keys")}) AS v ON v.key = k.key
  GROUP BY 1 HAVING count(DISTINCT v.account) = 1
), free AS (
  SELECT o.product, o.account,
    row_number() OVER (PARTITION BY o.account, p.sku ORDER BY p.id) > 1 AND p.sku IS NOT NULL
      OR row_number() OVER (PARTITION BY o.account, p.ndc ORDER BY p.id) > 1 AND p.ndc IS NOT NULL
      AS is_second
  FROM owned AS o JOIN product AS p ON p.id = o.product
  LEFT JOIN brand AS b ON b.id = p.brand LEFT JOIN campaign AS c ON c.id = p.campaign
  WHERE coalesce(b.account, o.account) = o.account AND coalesce(c.account, o.account) = o.account
    AND NOT EXISTS (SELECT FROM product AS t WHERE t.account = o.account AND t.sku = p.sku)
    AND NOT EXISTS (SELECT FROM product AS t WHERE t.account = o.account AND t.ndc = p.ndc)
), moved AS (
  UPDATE product AS p SET account = f.account FROM free AS f
  WHERE p.id = f.product AND NOT f.is_second
  RETURNING p.id, p.account
)
SELECT id AS product, account FROM moved
"""
ADOPT_CODES = """
WITH starts AS MATERIALIZED (
  SELECT p.account, (k.ai || i || k.zeros || p.digits) COLLATE "C" AS first,
    (k.ai || i || k.zeros || p.digits || '~') COLLATE "C" AS "end"
  FROM company_prefix AS p CROSS JOIN generate_series(0, 9) AS i
  JOIN (VALUES ('ordinary', '/01/', ''), ('ordinary', '/00/', ''), ('ordinary', '/8003/', ''),
    ('gtin8', '/01/', '00000')) AS k (kind, ai, zeros) ON k.kind = p.kind
  UNION ALL
  SELECT d.account, (d.domain_name || '/') COLLATE "C", (d.domain_name || '0') COLLATE "C"
  FROM domain AS d WHERE d.account IS NOT NULL AND d.state = 'verified'
)
UPDATE unique_code AS c SET account = found.account
FROM (
  SELECT c.id, s.account FROM starts AS s CROSS JOIN LATERAL (
    SELECT id FROM unique_code WHERE id >= s.first AND id < s."end" AND account IS NULL OFFSET 0
  ) AS c
) AS found
WHERE found.id = c.id
"""
ADOPT_ORDERS = tuple(
    f"""
UPDATE {table} AS t SET account = p.account FROM adopted AS p
WHERE t.account IS NULL AND t.product = p.product AND {of_their_keys}
"""
    for table, of_their_keys in (
        ("identifier_job", "coalesce(t.type, 'sgtin') IN ('sgtin', 'grai')"),
        ("code_pool", "coalesce(t.type, 'sgtin') IN ('sgtin', 'grai')"),
        ("code_reservation", "coalesce(t.code_type, 'sgtin') IN ('sgtin', 'grai')"),
        ("workorder", "true"),
    )
)
ADOPT_JOBS = (
    """
UPDATE identifier_job AS j SET account = p.account FROM company_prefix AS p
WHERE j.account IS NULL AND j.type = 'sscc' AND p.kind = 'ordinary'
  AND starts_with(j.sscc_company_prefix, p.digits)
""",
    """
UPDATE identifier_job AS j SET account = d.account FROM domain AS d
WHERE j.account IS NULL AND j.type = 'short_code' AND d.id = j.domain
  AND d.account IS NOT NULL AND d.state = 'verified'
""",
)
MINTED_FOR = """
UPDATE code_range AS r SET account = j.account FROM identifier_job AS j
WHERE j.id = r.identifier_job AND j.account IS NOT NULL
"""

STATEMENTS = (
    CODE_LENGTHS,
    KEY_LENGTHS,
    "ANALYZE key_length",
    SPACES,
    SSCC_SPACES,
    PRODUCTS,
    KEEP,
    KEEP_SSCCS,
    ADOPT_PRODUCTS,
    ADOPT_CODES,
    *ADOPT_ORDERS,
    *ADOPT_JOBS,
    MINTED_FOR,
)
"""What follows on SSCC_RUNS, PREFIXES and the raw tags. Lengths first: adoption moves accounts."""
