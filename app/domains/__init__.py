"""The rules of each domain, hooked into `app.items`."""

from app.domains import (
    account,
    directus_files,
    directus_policies,
    directus_roles,
    directus_users,
    domain,
    identifier_job,
    product,
    unique_code,
)

SYSTEM = (directus_users, directus_roles, directus_policies, directus_files)
OWN = (account, domain, product, identifier_job, unique_code)


def register_all() -> None:
    """Hook every domain in. Calling it again changes nothing."""
    for package in (*SYSTEM, *OWN):
        package.register()
