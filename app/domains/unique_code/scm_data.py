"""Supply-chain data of codes: keys are the campaign's own, and who changed it is kept (6.5, 6.3).

The campaign of a code is its product's (systems.md 4.6). An archived campaign works as any other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.access.caller import Caller
from app.database.session import Session
from app.errors import AppError, FailedValidation, Stored
from app.items.policy.readable_rows import tenancy

FIELD = "scm_data"

# To a caller with an account, products of other accounts don't exist: nor do their campaigns' keys.
CAMPAIGNS = f"""
SELECT p.id AS product, p.campaign,
  array(
    SELECT f.key FROM scm_field AS f WHERE f.campaign = p.campaign AND f.is_active
    ORDER BY f.position, f.key
  ) AS keys,
  array(
    SELECT f.id FROM scm_field AS f WHERE f.campaign = p.campaign AND f.is_active
  ) AS fields
FROM product AS p
WHERE p.id = ANY(%(products)s)
  AND {tenancy("p")}
"""


@dataclass(frozen=True, slots=True)
class ScmKeys:
    """What the codes of one product can have: the active keys of its campaign, in their order.

    `fields`: the keys of the SCM fields that say so.
    """

    campaign: int | None
    keys: Sequence[str]
    fields: Sequence[str] = ()


async def scm_keys(session: Session, caller: Caller, products: Iterable[str]) -> dict[str, ScmKeys]:
    """The keys by product, of the products the caller's account can see. One statement."""
    wanted = {"products": list(set(products)), "account": caller.account}
    if not wanted["products"]:
        return {}
    found = await session.fetch_all(CAMPAIGNS, wanted)
    return {row["product"]: ScmKeys(row["campaign"], row["keys"], row["fields"]) for row in found}


def scm_change(before: Mapping[str, Any], patch: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What of a patch's SCM data is new or has another value; None where nothing changes at all.

    Empty when keys are only taken away. Raises FailedValidation when it is no object.
    """
    if FIELD not in patch:
        return None
    data, old = patch[FIELD], scm_data_of(before)
    if data is None:
        return None if before.get(FIELD) is None else {}
    if not isinstance(data, dict):
        detail = 'Value has to be an object of SCM keys and values, such as {"farm_name": "Aliso"}.'
        raise FailedValidation(FIELD, "type", detail)
    if data == old and before.get(FIELD) is not None:
        return None
    return {key: value for key, value in data.items() if key not in old or old[key] != value}


def scm_data_of(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The SCM data of a code, as stored (JSON) or as given; empty where there is none."""
    data = row.get(FIELD)
    data = orjson.loads(data) if isinstance(data, bytes) else data
    return data if isinstance(data, dict) else {}


def scm_refusal(
    changed: Mapping[str, Any], product: str | None, own: ScmKeys | None
) -> AppError | None:
    """Why new SCM data can't be; None where it can.

    `own`: of the product; None where it is not there: that is said by the link to it. What is left
    from fields that are not active any more, or of another campaign, may stay as it is.
    """
    if not changed or (product is not None and own is None):
        return None
    if own is None:
        detail = "The code has no product, so no campaign: give it a product of a campaign first."
        return FailedValidation(FIELD, "in", detail, valid=[]).saying(["product"])
    unknown, valid = sorted(changed.keys() - set(own.keys)), list(own.keys)
    if not unknown:
        return None
    why = f"Codes of this product have no active SCM field {_listed(unknown)}."
    refused = FailedValidation(FIELD, "in", why, invalid=unknown)
    of_product = Stored("product", "campaign", (product,))
    if own.campaign is None:
        detail = f'Product "{product}" is in no campaign: put it into one with these SCM fields.'
        return refused.naming(detail, of_product, valid=[])
    detail = f"Campaign {own.campaign} has no active SCM field {_listed(unknown)}: " + (
        f"its fields are {_listed(valid)}." if valid else "it has none yet (scm_field)."
    )
    of_fields = Stored("scm_field", "key", tuple(own.fields))
    return refused.naming(detail, of_product, of_fields, valid=valid, invalid=unknown)


def scm_consequences(patch: Mapping[str, Any], user: str | None, now: str) -> dict[str, Any]:
    """Who and when, of a patch that changes SCM data: what it does not say itself.

    An explicit null is a word: history without them stays so (systems.md 4.2).
    """
    said = {"scm_updated_at": now, "scm_updated_by": user}
    return {name: value for name, value in said.items() if name not in patch}


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)
