"""What exists: the collections of Mintage, declared as data. Imports nothing of ours.

To add a collection, add a file here, name it below, and run `make migration`.
"""

from schema.account import account
from schema.code_space import code_range, code_space
from schema.definition import Collection, Field, Index, Relation, ToMany
from schema.domain import domain
from schema.identifier_job import identifier_job
from schema.product import product
from schema.registry import BadDefinition, Schema
from schema.system import SYSTEM, with_accounts
from schema.unique_code import unique_code

OWN: tuple[Collection, ...] = (
    account,
    domain,
    product,
    identifier_job,
    unique_code,
    code_space,
    code_range,
)
"""Mintage's own collections: what `builtin` stands for in the setting SCHEMA."""

BUILTIN = Schema((*OWN, *with_accounts()))
"""The collections Mintage is made of."""

__all__ = [
    "BUILTIN",
    "OWN",
    "SYSTEM",
    "BadDefinition",
    "Collection",
    "Field",
    "Index",
    "Relation",
    "Schema",
    "ToMany",
    "with_accounts",
]
