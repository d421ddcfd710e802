"""What is of no account comes to the one whose keys it has (DESIGN.md 9).

With products goes what mints or keeps codes of their keys. What the account would then share with
another is refused as a whole: a person has to say whose it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.database.session import WriteSession
from app.domains.account import queries
from app.errors import FailedValidation, Stored, UnprocessableContent
from app.items.write.constraint_errors import together
from app.items.write.one_account import require_one_account
from schema import BUILTIN

ORDERS = ("identifier_job", "code_pool", "code_reservation", "workorder")


async def adopt_products(
    session: WriteSession, account: str, ranges: Mapping[str, Sequence[str]], digits: str, what: str
) -> None:
    """Give an account the products of some ranges of keys, or whose GTINs begin with `digits`.

    `ranges`: `firsts` and `ends`. `what`: what can't be, in a refusal. Raises UnprocessableContent.
    """
    values = {**ranges, "account": account, "digits": digits}
    with together(BUILTIN["product"], what):
        made = await session.fetch_all(queries.ADOPT_PRODUCTS, values)
    products = [row["id"] for row in made]
    if products:
        await _require_one_account(session, "product", products, what)
        await adopt_orders(session, account, products, what)


async def adopt_orders(
    session: WriteSession, account: str, products: Sequence[str], what: str
) -> None:
    """Give the account of some products what mints or keeps their codes.

    Raises UnprocessableContent, also where codes of another account name one of the products.
    """
    values = {"account": account, "products": list(products)}
    for name, statement in zip(ORDERS, queries.ADOPT_ORDERS, strict=True):
        made = await session.fetch_all(statement, values)
        await _require_one_account(session, name, [row["id"] for row in made], what)
    code = await session.fetch_value(queries.CODES_OF_OTHERS, values)
    if code is not None:
        why = "of another account names one of its products"
        refused = UnprocessableContent(f"{what}: a code {why}")
        named = UnprocessableContent(f'{what}: code "{code}" {why}')
        raise refused.or_fuller(named, Stored("unique_code", "id", (code,)))


async def adopt_jobs(
    session: WriteSession, statement: str, values: Mapping[str, Any], what: str
) -> None:
    """Give an account jobs whose keys say no product: those that a statement takes, and answers.

    Raises UnprocessableContent where one of them names another account's product or domain.
    """
    made = await session.fetch_all(statement, values)
    await _require_one_account(session, "identifier_job", [row["id"] for row in made], what)


async def adopt_codes(
    session: WriteSession, account: str, ranges: Mapping[str, Sequence[str]], what: str
) -> None:
    """Give an account the codes of some ranges of keys. Raises UnprocessableContent."""
    with together(BUILTIN["unique_code"], what):
        strange = await session.fetch_one(queries.ADOPT_CODES, {**ranges, "account": account})
    if strange is not None:
        field, key = strange["field"], strange["id"]
        refused = UnprocessableContent(f"{what}: a code has a {field} of another account")
        raise refused.or_fuller(
            UnprocessableContent(f'{what}: a code has {field} "{key}" of another account')
        )


async def _require_one_account(
    session: WriteSession, name: str, keys: Sequence[Any], what: str
) -> None:
    try:
        await require_one_account(session, BUILTIN, BUILTIN[name], keys)
    except FailedValidation as crossing:
        raise UnprocessableContent(f"{what} ({name}): {crossing.detail}") from crossing
