"""What exists: the collections of Mintage, declared as data. Imports nothing of ours.

To add a collection, add a file here, name it below, and run `make migration`.
"""

from schema.account import account
from schema.api_credential import api_credential
from schema.brand import brand
from schema.campaign import campaign, scm_field
from schema.code_pool import code_pool
from schema.code_reservation import code_reservation
from schema.code_space import code_range, code_space
from schema.company_prefix import company_prefix
from schema.definition import OWN_ROWS, Collection, Field, Index, Relation, ToMany
from schema.document import document, download_link
from schema.domain import domain
from schema.identifier_job import identifier_job
from schema.product import product
from schema.registry import BadDefinition, Schema
from schema.reserved_path import reserved_path
from schema.scan import scan
from schema.scm_task import scm_task
from schema.system import SYSTEM, with_accounts
from schema.unique_code import unique_code
from schema.webhook import webhook, webhook_delivery
from schema.workorder import workorder

OWN: tuple[Collection, ...] = (
    account,
    company_prefix,
    domain,
    brand,
    campaign,
    scm_field,
    product,
    identifier_job,
    workorder,
    unique_code,
    code_reservation,
    code_pool,
    scan,
    document,
    download_link,
    scm_task,
    api_credential,
    code_space,
    code_range,
    reserved_path,
    webhook,
    webhook_delivery,
)
"""Mintage's own collections: what `builtin` stands for in the setting SCHEMA."""

BUILTIN = Schema((*OWN, *with_accounts()))
"""The collections Mintage is made of."""

__all__ = [
    "BUILTIN",
    "OWN",
    "OWN_ROWS",
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
