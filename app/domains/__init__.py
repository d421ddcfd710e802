"""The rules of each domain, hooked into `app.items`."""

from sqlalchemy import MetaData

from app.database.tables import METADATA
from app.domains import (
    account,
    api_credential,
    campaign,
    code_pool,
    code_reservation,
    company_prefix,
    directus_comments,
    directus_files,
    directus_permissions,
    directus_policies,
    directus_roles,
    directus_users,
    domain,
    identifier_job,
    product,
    scan,
    unique_code,
    webhook,
    webhook_delivery,
    workorder,
)
from app.items.compile.compiler import Compiler
from app.items.hooks import forget
from schema import BUILTIN, Schema

SYSTEM = (directus_files, directus_users, directus_roles, directus_policies)
OWN = (
    account,
    api_credential,
    campaign,
    code_pool,
    code_reservation,
    company_prefix,
    domain,
    product,
    identifier_job,
    scan,
    unique_code,
    webhook_delivery,
    workorder,
)


def register(
    schema: Schema = BUILTIN, tables: MetaData = METADATA, *, builtin: bool = True
) -> None:
    """Hook the system's domains in, and Mintage's own where they are served; `schema`: all of it.

    A snapshot may have a collection of its own called `account`: those rules are not for it.
    """
    forget()
    for package in (*SYSTEM, *OWN) if builtin else SYSTEM:
        package.register()
    directus_permissions.register(schema)
    if builtin:
        webhook.register(schema)
    directus_comments.register(Compiler(schema, tables))
