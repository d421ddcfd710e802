"""No statement of ours touches a tenant's rows beside the door (DESIGN.md section 9).

All SQL of the application and its workers is looked at, as it stands in the source: a table of
tenants is named by `ReadableRows.of` (what the caller sees), or with `tenancy` of its alias; or the
statement is in the list of the server's own, with a reason.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from schema import BUILTIN

ROOT = Path(__file__).parents[1]
INSIDE = ("app/items", "app/database", "app/embedded")
"""The door itself, and what knows tables at most, never whose rows are in them."""

TENANTS = {item.name for item in BUILTIN if item.tenancy is not None}
WITH_ACCOUNT = {name for name in TENANTS if "account" in BUILTIN.fields(name)}
VERB = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|COPY|FROM|JOIN)\b")
NAMED = re.compile(
    r'\b(?:FROM|JOIN|UPDATE|INTO|USING|COPY)\s+"?(' + "|".join(sorted(TENANTS)) + r')\b"?'
    r"(?:\s+(?:AS\s+)?([a-z_]\w*))?"
)
MADE = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO|USING|COPY)\s+(\{[^}]*\})")
SEEN = re.compile(r"\.of\(|\bsource\b|\b(codes|users|products|scans)\b")

BY_KEY = "a worker's bookkeeping: the job is named by its key, and no caller is there"
JUDGED = "runs after the door has judged the rows; they are named by their keys"
LOGIN = "nobody is known yet: this is how it becomes known who asks"
ASKED = "makes the asker's own row, of its own account"
WHOSE = (
    "whose a key is, whoever asks: the answer is yes or no, and the same for taken and free ones"
)

OWN: dict[str, dict[str, tuple[str, ...]]] = {
    "app/access/credentials.py": {LOGIN: ("_GOOD_NOW",)},
    "app/access/identity.py": {LOGIN: ("_USER", "_POLICIES")},
    "app/access/key_owners.py": {WHOSE: ("COVER", "_COVERS", "_LONGER")},
    "app/bootstrap.py": {
        "the first start, before there is any account": ("_ADMIN", "_first_admin")
    },
    "app/domains/account/queries.py": {
        WHOSE: ("ADOPT_PRODUCTS", "ADOPT_ORDERS", "_ADOPTED", "_OF_ANOTHER", "CODES_OF_OTHERS")
    },
    "app/domains/code_pool/queries.py": {
        BY_KEY: ("DUE", "COMING", "FAILED_JOB", "GIVE", "LOOKED"),
        JUDGED: ("SAME",),
    },
    "app/domains/code_reservation/queries.py": {
        BY_KEY: ("READ", "PROGRESS", "FAIL"),
        JUDGED: ("FORGET_FILES",),
    },
    "app/domains/code_space/queries.py": {
        BY_KEY: ("INSERT_RANGES",),
        WHOSE: ("OWNERS_OF_POSITIONS",),
    },
    "app/domains/company_prefix/queries.py": {
        WHOSE: (
            "OVERLAPPING",
            "UNDER",
            "AGAINST",
            "WITH_GTIN",
            "WITH_GTIN_OF_OTHERS",
            "ADOPT_SSCC_JOBS",
        )
    },
    "app/domains/company_prefix/rules.py": {JUDGED: ("before_delete",)},
    "app/domains/directus_files/queries.py": {
        "read when the caller is known to see the file's row": ("STORED",)
    },
    "app/domains/directus_files/rules.py": {JUDGED: ("NAMES",)},
    "app/domains/directus_files/uploads.py": {
        "whether any row has the bytes that a failed write has stored": ("USED",)
    },
    "app/domains/directus_policies/service.py": {
        "whether the installation has an admin, whoever that is": ("_AN_ADMIN", "_ADMIN_ROLE")
    },
    "app/domains/directus_roles/rules.py": {JUDGED: ("_SUSPEND",)},
    "app/domains/directus_users/one_time_code.py": {LOGIN: ("_LOCKED", "_SET")},
    "app/domains/directus_users/password_reset.py": {LOGIN: ("_BY_EMAIL", "_BY_KEY")},
    "app/domains/directus_users/second_factor.py": {JUDGED: ("_USER",)},
    "app/domains/directus_users/sessions.py": {
        LOGIN: ("_BY_EMAIL", "_NOTE_LOGIN", "_HELD", "_OWNER")
    },
    "app/domains/document/queries.py": {
        ASKED: ("ASK",),
        BY_KEY: ("WANTED", "STORED", "COMPLETE", "FAIL", "EXPIRED", "PURGED"),
        "a link is for whoever has it: its token is the permission": ("LINKED", "FILE"),
    },
    "app/domains/domain/queries.py": {
        WHOSE: ("TAKEN", "USED", "USED_BY_KEY", "OTHERS", "ADOPT_JOBS", "PRINTED_BY")
    },
    "app/domains/identifier_job/queries.py": {
        BY_KEY: ("JOB", "PROGRESS", "FAIL", "FIRST_CODE_BETWEEN", "COPY_CODES", "MOVE_STAGED"),
        JUDGED: ("TENANTS", "DOMAINS", "PRODUCTS", "STOP", "RETRY", "HOLD_PRODUCT"),
        WHOSE: ("IS_OTHERS_SSCC",),
    },
    "app/domains/product/keys.py": {WHOSE: ("TAKEN",)},
    "app/domains/product/rules.py": {WHOSE: ("CODES", "CODES_OF_OTHERS", "WITH_CODES")},
    "app/domains/scan/queries.py": {
        "anybody may scan any code; what is told of it is not the row": (
            "FACTS",
            "IS_DOMAIN",
            "DEVICES",
            "BLACKLIST",
            "RECORD",
        )
    },
    "app/domains/scm_data/task_queries.py": {
        ASKED: ("ASK",),
        BY_KEY: ("READ", "BEGUN", "PROGRESS", "FAIL"),
    },
    "app/domains/unique_code/ownership.py": {WHOSE: ("PRODUCTS",)},
    "app/domains/unique_code/rules.py": {JUDGED: ("DOMAIN_NAMES", "ACCOUNT_DOMAINS")},
    "app/domains/unique_code/supply.py": {
        "who may reserve codes may set those of its account aside: the account is bound": (
            "COUNT",
            "RESERVE",
        ),
        BY_KEY: ("RELEASE", "HELD"),
    },
    "app/domains/webhook/queries.py": {
        JUDGED: ("FORGET", "COUNTS"),
        "whether anybody listens: what is written for whom, says whose the rows are": (
            "IS_WANTED",
        ),
    },
    "app/domains/webhook_delivery/queries.py": {
        "an outbox: each webhook is told of rows of its own account": (
            "_INTO",
            "HAPPENED",
            "written",
        ),
        BY_KEY: (
            "CLAIM",
            "DELIVERED",
            "WELL",
            "NOT_DELIVERED",
            "FAILING",
            "GIVE_UP",
            "PURGE",
        ),
    },
    "app/domains/workorder/queries.py": {
        BY_KEY: (
            "HOLD",
            "MINTED",
            "JOB_FAILED",
            "ORDER",
            "COMPLETE",
            "KEEP_FILE",
            "PACKING_FAILED",
        ),
        JUDGED: ("OPEN", "JOBS", "BLACKLIST", "ALL_MINTED"),
    },
    "workers/chunks.py": {BY_KEY: ("STATUS", "LOCK_STATUS", "WHOSE", "START")},
    "workers/exports.py": {BY_KEY: ("Exports",)},
    "workers/sweep.py": {BY_KEY: ("WAITING",)},
    "workers/turns.py": {BY_KEY: ("OWNERS",)},
}
"""The server's own statements, by module and reason."""


def statements(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The SQL of a module: the name it is bound to (or of the function it is in), and its text."""

    def visit(node: ast.AST, name: str) -> Iterator[tuple[str, str]]:
        for child in ast.iter_child_nodes(node):
            inner = _name(child, name)
            text = _text(child)
            if text is None:
                yield from visit(child, inner)
                continue
            if not isinstance(node, ast.Expr) and VERB.search(text):
                yield inner, text

    yield from visit(tree, "")


def _name(node: ast.AST, outer: str) -> str:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return node.name
        case ast.Assign(targets=[ast.Name(id=name), *_]) if not outer:
            return name
    return outer


def _text(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(
                part.value if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"
                for part in parts
            )
    return None


def trespasses(text: str) -> list[str]:
    """The tables of tenants that a statement names without saying whose rows it means."""
    found = [
        table
        for table, alias in NAMED.findall(text)
        if table in WITH_ACCOUNT and f"tenancy('{alias or table}')" not in text
    ]
    found += [
        table
        for table, _ in NAMED.findall(text)
        if table not in WITH_ACCOUNT and "tenancy(" not in text
    ]
    return found + [made for made in MADE.findall(text) if not SEEN.search(made)]


def modules() -> list[Path]:
    paths = [path for root in ("app", "workers") for path in (ROOT / root).rglob("*.py")]
    return sorted(p for p in paths if not p.relative_to(ROOT).as_posix().startswith(INSIDE))


def test_every_statement_goes_through_the_door() -> None:
    beside: dict[str, set[str]] = {}
    for path in modules():
        for name, text in statements(ast.parse(path.read_text())):
            if trespasses(text):
                beside.setdefault(path.relative_to(ROOT).as_posix(), set()).add(name)
    known = {module: {n for names in of.values() for n in names} for module, of in OWN.items()}
    unknown = {m: names - known.get(m, set()) for m, names in beside.items()}
    unknown = {module: names for module, names in unknown.items() if names}
    assert not unknown, (
        f"{unknown}: build these on ReadableRows.of(collection, alias), or add tenancy(alias) "
        "(app/items/policy/readable_rows.py); the server's own are listed with their reasons."
    )
    stale = {m: names - beside.get(m, set()) for m, names in known.items()}
    assert not {m: names for m, names in stale.items() if names}, "These need no exception any more"


@pytest.mark.parametrize(
    ("source", "is_beside"),
    [
        ('S = "SELECT id FROM unique_code WHERE id = %(key)s"', True),
        ("S = f\"SELECT id FROM unique_code AS c WHERE {tenancy('c')}\"", False),
        ("S = f\"SELECT id FROM unique_code AS c JOIN product AS p WHERE {tenancy('c')}\"", True),
        ("S = f\"SELECT c.id FROM {readable.of('unique_code', 'c')}\"", False),
        ('S = "UPDATE {table} SET x = 1"', True),
        ('def f():\n    """From product to code."""\n    return "SELECT FROM pg_class"', False),
        ('async def f(s):\n    await s.execute("DELETE FROM scan WHERE id = 1")', True),
        ('S = "SELECT key FROM scm_field AS f"', True),
    ],
)
def test_the_walk_finds_what_goes_beside(source: str, is_beside: bool) -> None:
    found = [text for _, text in statements(ast.parse(source)) if trespasses(text)]
    assert bool(found) is is_beside
