"""The rules of each domain, hooked into `app.items`."""

from app.domains import account, directus_users, domain, identifier_job, product, unique_code


def register_all() -> None:
    """Hook every domain in. Calling it again changes nothing."""
    for package in (account, directus_users, domain, product, identifier_job, unique_code):
        package.register()
