"""The system collections: users, roles, policies, files and what else every Directus has.

They are always there. Where Mintage's own collections are served as well, users, files and folders
belong to accounts (systems.md 6.1.5).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from schema.access_version import access_version
from schema.definition import Collection, Field, Index, integer, string, tenant
from schema.directus_access import directus_access
from schema.directus_activity import directus_activity
from schema.directus_comments import directus_comments
from schema.directus_exports import directus_exports
from schema.directus_files import directus_files
from schema.directus_folders import directus_folders
from schema.directus_permissions import directus_permissions
from schema.directus_policies import directus_policies
from schema.directus_presets import directus_presets
from schema.directus_revisions import directus_revisions
from schema.directus_roles import directus_roles
from schema.directus_sessions import directus_sessions
from schema.directus_settings import directus_settings
from schema.directus_translations import directus_translations
from schema.directus_users import directus_users
from schema.job_chunk import job_chunk
from schema.unkept import UNKEPT

SYSTEM: tuple[Collection, ...] = (
    directus_users,
    directus_roles,
    directus_policies,
    directus_access,
    directus_permissions,
    directus_sessions,
    directus_activity,
    directus_revisions,
    directus_folders,
    directus_files,
    directus_settings,
    directus_presets,
    directus_comments,
    directus_translations,
    *UNKEPT,
    directus_exports,
    access_version,
    job_chunk,
)
"""The system collections as Directus has them."""

_OF_ACCOUNTS: dict[str, tuple[Field, ...]] = {
    "directus_users": (
        tenant(note="The user's tenant; none for the installation's own."),
        integer("legacy_id", unique=True, readonly=True, generated="sequence"),
        string("evt_operator_id", unique=True, readonly=True, generated="evt_id", max_length=24),
    ),
    "directus_files": (tenant(),),
    "directus_folders": (tenant(),),
    "directus_presets": (tenant(note="Whose users it is for; none: the users of all."),),
    "directus_comments": (tenant(note="Whose item it is about, or who said it."),),
    # Of the row that was written, not of who wrote it: users may move to another account.
    "directus_activity": (tenant(enforced=False, on_delete="NO ACTION"),),
    "directus_revisions": (tenant(enforced=False, on_delete="NO ACTION"),),
}
_PUBLIC_OR_OWN: Mapping[str, Any] = {
    "_or": [{"user": {"_null": True}}, {"user": {"account": {"_eq": "$CURRENT_ACCOUNT"}}}]
}
"""Attachments to roles are everybody's business, those to users their account's."""

_READABLE: Mapping[str, Mapping[str, Any]] = {
    # What is a role's or everybody's may be for the users of all accounts.
    "directus_presets": {
        "_or": [
            {"account": {"_eq": "$CURRENT_ACCOUNT"}},
            {"_and": [{"account": {"_null": True}}, {"user": {"_null": True}}]},
        ]
    },
}


def with_accounts() -> tuple[Collection, ...]:
    """The system collections of an installation that has accounts."""
    return tuple(_with_account(collection) for collection in SYSTEM)


def _with_account(collection: Collection) -> Collection:
    if collection.name == "directus_access":
        # Who could write it could attach any policy to a role, or to the public.
        return replace(collection, tenancy=_PUBLIC_OR_OWN, shared=True)
    fields = _OF_ACCOUNTS.get(collection.name)
    if fields is None:
        return collection
    return replace(
        collection,
        fields=collection.fields + fields,
        indexes=(*collection.indexes, Index(("account",))),
        readable=_READABLE.get(collection.name),
    )
