"""The file of a document, as one statement: PostgreSQL renders the CSV (systems.md 4.4).

Every value is quoted, and what is not there is `""`: so nothing may be null, for COPY would leave
that without quotes. It leaves its own header without quotes, too, which is why that is made here.
"""

from typing import Any

from app.domains.code_search.readings import STATUSES
from app.domains.code_search.service import CodeSearch
from app.items.policy.readable_rows import ReadableRows

BLACKLIST_REASONS = (
    "none",
    "counterfeit",
    "low_quality",
    "overprint",
    "stolen",
    "damage",
    "lost",
    "misprint",
    "not_sold",
    "wo_canceled",
    "max_scan_count",
)
"""The words of unique_code.blacklist_reason, 0 to 10 (systems.md 4.4)."""


def _word(words: tuple[str, ...], column: str) -> str:
    listed = ", ".join(f"'{word}'" for word in words)
    return f"coalesce((ARRAY[{listed}])[{column} + 1], '')"


def _time(column: str) -> str:
    form = """'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'"""
    return f"coalesce(to_char({column} AT TIME ZONE 'UTC', {form}), '')"


COLUMNS = {
    "extended_id": "coalesce(c.extended_id, '')",
    "serial_number": "coalesce(c.serial_number, '')",
    "brand": "coalesce(b.name, '')",
    "product": "coalesce(p.product_name, '')",
    "sku": "coalesce(p.sku, '')",
    "status": _word(tuple(STATUSES), "c.activation_status"),
    "blacklist_reason": _word(BLACKLIST_REASONS, "c.blacklist_reason"),
    "scm_updated_by": "coalesce(su.email, '')",
    "scm_updated_at": _time("c.scm_updated_at"),
    "activated_by": "coalesce(au.email, '')",
    "activated_at": _time("c.activated_at"),
    "workorder_id": "coalesce(c.workorder::text, '')",
}
"""The columns of the seed, in its order; the supply-chain fields follow."""


def _joins(readable: ReadableRows) -> str:
    return f"""
LEFT JOIN {readable.of("brand", "b")} ON b.id = p.brand
LEFT JOIN {readable.of("directus_users", "su")} ON su.id = c.scm_updated_by
LEFT JOIN {readable.of("directus_users", "au")} ON au.id = c.activated_by
"""


def selection(search: CodeSearch) -> tuple[str, dict[str, Any]]:
    """The SELECT whose rows are the lines of the file, and what it binds."""
    names = {f"column_{place}": key for place, key in enumerate(search.scm_fields)}
    own = [f"coalesce(c.scm_data ->> %({name})s::text, '')" for name in names]
    columns = ", ".join((*COLUMNS.values(), *own))
    joins = _joins(search.readable)
    statement = f"SELECT {columns} FROM {search.source} {joins} WHERE {search.where}"
    return statement, {**search.bound(), **names}


def statement(search: CodeSearch) -> tuple[str, dict[str, Any]]:
    """The COPY that gives the lines of the file below its header, and what it binds."""
    rows, values = selection(search)
    return f"COPY ({rows}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)", values


def header(search: CodeSearch) -> bytes:
    """The first line of the file. Names of columns have no quotes in them."""
    return (",".join(f'"{name}"' for name in (*COLUMNS, *search.scm_fields)) + "\n").encode()
