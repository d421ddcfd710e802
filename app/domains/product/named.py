"""The product that an order for codes names: a job's, a pool's, a reservation's."""

import re
from collections.abc import Iterator, Mapping

from app.errors import AppError, FailedValidation

_FORMS = {
    "sgtin": (re.compile(r"/01/[0-9]{14}"), "/01/<14 digits>"),
    "grai": (re.compile(r"/8003/0[0-9]{13}"), "/8003/0<13 digits>"),
}


def needs_product(kind: str) -> bool:
    """Whether the key of a code of this type begins with its product's."""
    return kind in _FORMS


def is_shared(owner: str | None, account: str | None) -> bool:
    """Whether a thing of `owner` may be used by `account`: another tenant's things do not exist."""
    return owner is None or account is None or owner == account


def refuse_product(
    product: object,
    kind: str,
    kind_field: str,
    account: str | None,
    owners: Mapping[str, str | None],
) -> Iterator[AppError]:
    """Why codes of a type can't be of a product; nothing for a good one.

    `kind_field`: the field that says the type; `account`: whose the codes are to be, if anybody's;
    `owners`: the accounts of the products there are, by key.
    """
    if product is None:
        if needs_product(kind):
            yield FailedValidation("product", "required", "Value is required.")
        return
    if needs_product(kind):
        pattern, form = _FORMS[kind]
        if not pattern.fullmatch(str(product)):
            detail = (
                f"Value doesn't have the correct format: codes of type {kind} need a product whose "
                f'key is {form}, got "{product}".'
            )
            yield FailedValidation("product", "regex", detail).saying([kind_field])
            return
    if str(product) not in owners or not is_shared(owners[str(product)], account):
        detail = f'There is no product "{product}": create it first, or name another.'
        yield FailedValidation("product", "in", detail, invalid=product)
