"""The statements about SCM uploads: values in as one parameter, all codes changed by one statement.

A code is found by what identifies it, among those its caller sees; its campaign by its product; of
the data, what the campaign has as active fields is merged into what the code has (systems.md 4.6).
"""

from dataclasses import dataclass

from app.items.policy.readable_rows import ReadableRows, tenancy

# A request's worth of codes is sorted and joined in memory, not on disk.
ROOM = "SET LOCAL work_mem = '64MB'"

EXTENDED_ID = "extended_id"
SERIAL_NUMBER = "serial_number"


# By the computed field (systems.md 6.5): stored, or the EPC in hex (`path` is what it is read as),
# or the key. Computed, it is null only where the caller may not read it.
def _by_extended_id(readable: ReadableRows, n: int) -> str:
    codes = readable.of("unique_code", "c")
    return f"""
  SELECT g.place, c.id FROM given_{n} AS g JOIN {codes} ON c.stored_extended_id = g.value
  UNION ALL
  SELECT g.place, c.id FROM given_{n} AS g
  JOIN {codes} ON c.id = coalesce(g.path, g.value)
  WHERE c.stored_extended_id IS NULL AND c.extended_id IS NOT NULL
"""


# By the computed field: stored, or the serial of an SGTIN, which its key ends with.
def _by_serial_number(readable: ReadableRows, n: int) -> str:
    codes, products = readable.of("unique_code", "c"), readable.of("product", "p")
    return f"""
  SELECT g.place, c.id FROM given_{n} AS g JOIN {codes} ON c.stored_serial_number = g.value
  UNION ALL
  SELECT g.place, c.id FROM given_{n} AS g
  CROSS JOIN (SELECT p.id FROM {products} WHERE p.id LIKE '/01/%%') AS p
  JOIN {codes} ON c.id = p.id || '/21/' || g.value
  WHERE c.stored_serial_number IS NULL AND c.serial_number IS NOT NULL
"""


def _by_scm_key(readable: ReadableRows, n: int) -> str:
    return f"""
  SELECT g.place, c.id FROM {readable.of("unique_code", "c")}
  JOIN given_{n} AS g ON g.value = c.scm_data ->> %(key_{n})s
  WHERE c.scm_data IS NOT NULL
"""


_WAYS = {EXTENDED_ID: _by_extended_id, SERIAL_NUMBER: _by_serial_number}

_GIVEN = """given_{n} AS MATERIALIZED (
  SELECT place, value, path
  FROM unnest(%(values_{n})s::text[], %(paths_{n})s::text[]) WITH ORDINALITY
    AS g (value, path, place)
)"""


@dataclass(frozen=True, slots=True)
class Finding:
    """Which codes an upload is about: of those that `readable` shows, by these keys.

    `of_each`: the data are of each value in its order; else one object for all of them.
    """

    readable: ReadableRows
    keys: tuple[str, ...]
    of_each: bool = False

    @property
    def found(self) -> str:
        """The CTEs that end in `found`: the codes (id) of the values, and the place of each value.

        Of several constraints all hold. A code that is found twice has the last place.
        """
        ways = [_WAYS.get(key, _by_scm_key) for key in self.keys]
        parts = [_GIVEN.format(n=n) for n in range(len(self.keys))]
        parts += [f"by_{n} AS ({way(self.readable, n)})" for n, way in enumerate(ways)]
        others = "".join(f" AND id IN (SELECT id FROM by_{n})" for n in range(1, len(self.keys)))
        parts.append(
            "found AS MATERIALIZED (SELECT id, max(place) AS place FROM by_0 "
            "WHERE (%(first)s::text IS NULL OR id >= %(first)s) "
            "AND (%(last)s::text IS NULL OR id <= %(last)s)"
            f"{others} GROUP BY id)"
        )
        return ", ".join(parts)

    @property
    def data(self) -> str:
        return _DATA_OF_EACH if self.of_each else _DATA_OF_ALL

    @property
    def wanted(self) -> str:
        """The CTEs that end in `wanted`: what each code is to get."""
        return f"{self.found}, {_OF_EACH if self.of_each else _OF_ALL}"

    @property
    def products(self) -> str:
        """A product by its number, key or SKU, each name looked up once (systems.md 4.6)."""
        return f"""named AS MATERIALIZED (
  SELECT n.name, (
    SELECT p.id FROM {self.readable.of("product", "p")}
    WHERE p.id = n.name OR p.sku = n.name OR p.product_number::text = n.name
    ORDER BY p.product_number::text = n.name DESC, p.id = n.name DESC, p.id LIMIT 1) AS product
  FROM (SELECT DISTINCT data ->> 'product' AS name FROM data
    WHERE data ->> 'product' IS NOT NULL) AS n
)"""


def portions(finding: Finding) -> str:
    """The codes that are found, in runs of `portion` of the order of their keys."""
    return f"""
WITH {finding.found}
SELECT min(id) AS first, max(id) AS last, count(*)::int AS amount
FROM (SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(portion)s AS n FROM found) AS numbered
GROUP BY n ORDER BY n
"""


def counts(finding: Finding) -> str:
    """How many codes each value names."""
    return f"""
WITH {finding.found} SELECT place, count(*)::int AS codes FROM found GROUP BY place
"""


_DATA_OF_EACH = """data AS MATERIALIZED (
  SELECT i.place, i.data - %(key_0)s AS data
  FROM jsonb_array_elements(%(items)s::jsonb) WITH ORDINALITY AS i (data, place)
)"""
_DATA_OF_ALL = "data AS MATERIALIZED (SELECT 1 AS place, %(items)s::jsonb AS data)"

_OF_EACH = f"""{_DATA_OF_EACH}, wanted AS MATERIALIZED (
  SELECT f.id, d.place, d.data FROM found AS f JOIN data AS d USING (place)
)"""
_OF_ALL = f"""{_DATA_OF_ALL}, wanted AS MATERIALIZED (
  SELECT f.id, f.place, d.data FROM found AS f CROSS JOIN data AS d
)"""


def states(finding: Finding) -> str:
    """The different states of the codes and what is wanted of them, locked till the end."""
    return f"""
WITH {finding.wanted}, locked AS (
  SELECT c.activation_status, c.blacklist_reason, c.activated_at IS NULL AS not_activated,
    c.activated_by IS NULL AS by_nobody, w.data ->> 'activation_status' AS given_status,
    w.data ->> 'blacklist_reason' AS given_reason
  FROM wanted AS w JOIN unique_code AS c ON c.id = w.id AND {tenancy("c")}
  ORDER BY c.id FOR UPDATE OF c
)
SELECT DISTINCT * FROM locked ORDER BY 1, 2, 3, 4, 5, 6
"""


# No day there is: YYYY-MM-DD, within its month. Empty is no day either, and says so.
_NO_DAY = """CASE
    WHEN d.data ->> k.key ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
      AND d.data ->> k.key !~ '^0000'
    THEN right(d.data ->> k.key, 2)::int > extract(day FROM make_date(
      left(d.data ->> k.key, 4)::int, substr(d.data ->> k.key, 6, 2)::int, 1)
      + interval '1 month' - interval '1 day')
    ELSE d.data ->> k.key <> '' END"""

# What is spelled wrong, if the code's campaign has that key for days.
_SPELLED = f"""days AS MATERIALIZED (
  SELECT p.id AS product, f.key FROM scm_field AS f JOIN product AS p ON p.campaign = f.campaign
  WHERE f.type = 'date' AND f.is_active AND f.key = ANY(%(names)s) AND {tenancy("p")}
), spelled AS MATERIALIZED (
  SELECT d.place, k.key, d.data ->> k.key AS value, d.data ->> 'product' AS name
  FROM data AS d CROSS JOIN (SELECT DISTINCT key FROM days) AS k WHERE {_NO_DAY}
)"""

_TOO_LONG = "length(data ->> 'serial_number') > 64"


def suspicion(finding: Finding) -> str:
    """Whether the data alone give reason to judge them with the codes, which takes longer."""
    return f"""
WITH {finding.data}, {_SPELLED}
SELECT EXISTS (SELECT FROM spelled) OR EXISTS (
  SELECT FROM data WHERE data ->> 'product' IS NOT NULL OR {_TOO_LONG}) AS is_suspicious
"""


def judge(finding: Finding) -> str:
    """What of the data can't be, by field and value, a few of them; no row: all of it can."""
    of = "s.place" if finding.of_each else "w.place"
    return f"""
WITH {finding.wanted}, {finding.products}, {_SPELLED}, codes AS MATERIALIZED (
  SELECT c.id, c.type, c.product, c.account, w.place, w.data FROM wanted AS w
  JOIN unique_code AS c ON c.id = w.id AND {tenancy("c")}
)
SELECT DISTINCT s.key AS field, s.value FROM spelled AS s
JOIN codes AS w ON w.place = {of}
LEFT JOIN named AS n ON n.name = s.name
JOIN days ON days.product = coalesce(n.product, w.product) AND days.key = s.key
UNION ALL SELECT 'product', name FROM named WHERE product IS NULL
UNION ALL SELECT DISTINCT 'product', n.name FROM codes AS w
  JOIN named AS n ON n.name = w.data ->> 'product' JOIN product AS p ON p.id = n.product
  WHERE w.account <> p.account AND {tenancy("p")}
UNION ALL SELECT DISTINCT 'key', w.id FROM codes AS w
  JOIN named AS n ON n.name = w.data ->> 'product'
  WHERE w.type IN ('sgtin', 'grai') AND n.product IS NOT NULL AND n.product <>
    CASE w.type WHEN 'sgtin' THEN left(w.id, 18) ELSE left(w.id, 20) END
UNION ALL SELECT DISTINCT 'serial_number', data ->> 'serial_number' FROM data WHERE {_TOO_LONG}
ORDER BY 1, 2 LIMIT 20
"""


def _taken(finding: Finding) -> str:
    """The CTEs that end in `taken`: of each code, locked, what of its data its campaign takes."""
    return f"""{finding.wanted}, {finding.products}, fields AS MATERIALIZED (
  SELECT p.id AS product, array_agg(f.key) AS keys
  FROM product AS p JOIN scm_field AS f ON f.campaign = p.campaign
  WHERE f.is_active AND f.key = ANY(%(names)s) AND {tenancy("p")}
  GROUP BY p.id
), codes AS MATERIALIZED (
  SELECT c.id, w.place, w.data, coalesce(n.product, c.product) AS product,
    c.activation_status, c.blacklist_reason, c.activated_at IS NULL AS not_activated,
    c.activated_by IS NULL AS by_nobody, c.scm_data
  FROM wanted AS w JOIN unique_code AS c ON c.id = w.id AND {tenancy("c")}
  LEFT JOIN named AS n ON n.name = w.data ->> 'product'
  ORDER BY c.id FOR UPDATE OF c
), taken AS MATERIALIZED (
  SELECT codes.*, (
    SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(codes.data) AS e
    WHERE e.key = ANY(fields.keys)) AS scm,
    ARRAY(SELECT e.key FROM jsonb_object_keys(codes.data) AS e (key)
    WHERE e.key = ANY(fields.keys) OR (e.key = ANY(%(special)s)
      AND (e.key = 'serial_number' OR codes.data ->> e.key IS NOT NULL))
    ORDER BY e.key) AS named
  FROM codes LEFT JOIN fields ON fields.product = codes.product
)"""


def proposed(finding: Finding) -> str:
    """What each code would get, for the one door to write: its key, place, fields and values."""
    return f"""
WITH {_taken(finding)}
SELECT id, place, named, data, product,
  CASE WHEN scm IS NOT NULL THEN jsonb_strip_nulls(coalesce(scm_data, '{{}}') || scm) END AS scm
FROM taken WHERE named <> '{{}}' ORDER BY place, id
"""


# Of each code what was taken, as [key, place, fields]. `states` says what activation comes to.
def change(finding: Finding) -> str:
    """Merge the data into the codes; of each that gets something its key, place and fields."""
    return f"""
WITH {_taken(finding)}, states AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset(%(states)s::jsonb) AS s (activation_status int,
    blacklist_reason int, not_activated boolean, by_nobody boolean, given_status text,
    given_reason text, new_status int, new_reason int, at_now boolean, by_user boolean)
), changed AS (
  UPDATE unique_code AS c SET
    product = t.product,
    serial_number = CASE WHEN t.data ? 'serial_number' THEN nullif(t.data ->> 'serial_number', '')
      ELSE c.serial_number END,
    scm_data = CASE WHEN t.scm IS NULL THEN c.scm_data
      ELSE jsonb_strip_nulls(coalesce(c.scm_data, '{{}}') || t.scm) END,
    activation_status = coalesce(s.new_status, c.activation_status),
    blacklist_reason = coalesce(s.new_reason, c.blacklist_reason),
    activated_at = CASE WHEN s.at_now THEN now() ELSE c.activated_at END,
    activated_by = CASE WHEN s.by_user THEN %(user)s::uuid ELSE c.activated_by END,
    scm_updated_at = now(), scm_updated_by = %(user)s::uuid,
    date_updated = now(), user_updated = %(user)s::uuid
  FROM taken AS t LEFT JOIN states AS s
    ON s.activation_status = t.activation_status AND s.blacklist_reason = t.blacklist_reason
    AND s.not_activated = t.not_activated AND s.by_nobody = t.by_nobody
    AND s.given_status IS NOT DISTINCT FROM t.data ->> 'activation_status'
    AND s.given_reason IS NOT DISTINCT FROM t.data ->> 'blacklist_reason'
  WHERE c.id = t.id AND t.named <> '{{}}' AND {tenancy("c")}
  RETURNING c.id, t.place, t.named
)
SELECT coalesce(json_agg(json_build_array(id, place, named) ORDER BY place, id), '[]') AS changed
FROM changed
"""
