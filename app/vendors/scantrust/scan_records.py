"""Scans as Scantrust's clients read them: record groups and counts, made by PostgreSQL (4.5)."""

from datetime import datetime
from typing import Any

from app.domains.scan.search import SCANS, ScanSearch
from app.items.compile.render import weight_of_a_byte

_FLAGS = "to_json(string_to_array(nullif(s.flags, ''), ','))"


def _record(key: str) -> str:
    """One scan. What we do not know is null: nothing tells persons apart, or transactions."""
    return f"""json_build_object(
  'scan', json_build_object(
    'uuid', {key},
    'datetime', to_char(s.scanned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'timestamp', floor(extract(epoch FROM s.scanned_at))::bigint,
    'app', s.app, 'reason', s.reason, 'result', s.result, 'computed_status', s.computed_status,
    'auth_failure_mode', s.auth_failure_mode, 'flags', coalesce({_FLAGS}, '[]'::json),
    'unique_user', NULL, 'install_id', s.install_id, 'utid', NULL),
  'user', json_build_object('email', s.user_email),
  'code', CASE WHEN c.id IS NOT NULL THEN json_build_object(
    'extended_id', c.extended_id, 'serial_number', c.serial_number,
    'activation_status', c.activation_status, 'blacklist_reason', c.blacklist_reason) END,
  'product', CASE WHEN p.id IS NOT NULL THEN json_build_object(
    'id', p.product_number, 'sku', p.sku, 'name', p.product_name, 'gtin', p.gtin,
    'brand_id', b.number, 'brand_name', b.name) END,
  'device', s.device,
  'location', CASE WHEN s.location IS NOT NULL OR s.country IS NOT NULL THEN
    jsonb_build_object('country', s.country)
    || CASE WHEN jsonb_typeof(s.location) = 'object' THEN s.location ELSE '{{}}' END END,
  'scm', coalesce((
    SELECT json_object_agg(name, c.scm_data -> name)
    FROM unnest(%(scm_fields)s::text[]) AS name WHERE c.scm_data ? name), '{{}}'::json))"""


def page_statement(
    search: ScanSearch,
    limit: int,
    *,
    offset: int = 0,
    after: tuple[datetime, str] | None = None,
    is_counted: bool = True,
) -> tuple[str, dict[str, Any]]:
    """A statement of one row: `results` (a JSON array, the newest first) and where it ends.

    `count`: of all scans that are found, where it is asked for; else null. `more`: whether scans
    follow; `last`: the last one's time and key. `after`: those of the scan before the page.
    """
    where, source = search.where, search.source
    values: dict[str, Any] = {"scm_fields": list(search.codes.scm_fields)}
    count = f"(SELECT count(*) FROM {source} WHERE {where})" if is_counted else "NULL::bigint"
    if after is not None:
        where += " AND (s.scanned_at, s.id) < (%(after_time)s::timestamptz, %(after_key)s::uuid)"
        values |= {"after_time": after[0], "after_key": after[1]}
    key = "s.id" if search.readable.shows(SCANS, "id") else "NULL"
    # One more than the page holds: whether there is another.
    values |= {"more_than_page": limit + 1, "offset": offset, "limit": limit}
    byte = weight_of_a_byte(search.readable.compiler.most)
    # First which scans, then all about them: what comes before the page is only counted off.
    sql = f"""
WITH page AS MATERIALIZED (
  SELECT s.scanned_at, s.id FROM {source} WHERE {where}
  ORDER BY s.scanned_at DESC, s.id DESC LIMIT %(more_than_page)s OFFSET %(offset)s
), shown AS MATERIALIZED (
  SELECT * FROM page ORDER BY scanned_at DESC, id DESC LIMIT %(limit)s
)
SELECT {count} AS count, (SELECT count(*) FROM page) > %(limit)s AS more,
  (SELECT to_char(scanned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
     || ' ' || id FROM shown ORDER BY scanned_at, id LIMIT 1) AS last,
  (SELECT coalesce(json_agg(one.record ORDER BY shown.scanned_at DESC, shown.id DESC), '[]')
     FROM shown CROSS JOIN LATERAL (
       SELECT {_record(key)} AS record FROM {source}
       LEFT JOIN {search.readable.of("brand", "b")} ON b.id = p.brand
       WHERE s.id = shown.id LIMIT 1) AS one
     HAVING coalesce(sum(octet_length(one.record::text) * {byte}), 0) >= 0) AS results
"""
    return sql, {**search.bound(), **values}


def summary_statement(search: ScanSearch) -> tuple[str, dict[str, Any]]:
    """A statement of one row, each column a number or a JSON object of numbers by word."""
    counts = ", ".join(
        f"(SELECT coalesce(json_object_agg(word, n), '{{}}') FROM ("
        f"SELECT {word} AS word, count(*) AS n FROM {source} GROUP BY 1 ORDER BY 2 DESC, 1"
        f") AS counted)::text AS {name}"
        for name, word, source in (
            ("by_result", "coalesce(result, 'unknown')", "found"),
            ("by_status", "coalesce(computed_status, 'unknown')", "found"),
            ("by_flag", "flag", "found, unnest(string_to_array(nullif(flags, ''), ',')) AS flag"),
            ("by_country", "coalesce(country, 'unknown')", "found"),
        )
    )
    sql = f"""
WITH found AS MATERIALIZED (
  SELECT s.code, s.result, s.computed_status, s.flags, s.country
  FROM {search.source} WHERE {search.where}
)
SELECT (SELECT count(*) FROM found)::text AS count,
  (SELECT count(DISTINCT code) FROM found)::text AS unique_codes, {counts}
"""
    return sql, search.bound()
