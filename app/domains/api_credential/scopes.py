"""Scopes: what a credential's permissions are made of, and what each asks of its user (6.2, 4.1).

They say what of a vendor's surface a token is good for. No token, of whatever kind, is good for a
scope whose permission its user lacks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.access.caller import Caller
from app.access.permissions import Action
from app.items.policy.actions import may
from schema import BUILTIN


@dataclass(frozen=True, slots=True)
class Needed:
    """A permission: the action on some rows of the collection, and on the field if one is named."""

    action: Action
    collection: str
    field: str | None = None

    def is_met(self, caller: Caller) -> bool:
        if not may(caller, self.action, BUILTIN[self.collection]):
            return False
        if caller.is_admin or self.field is None:
            return True
        permissions = caller.permissions.of(self.collection, self.action)
        return any(permission.allows(self.field) for permission in permissions)


NEEDED: Mapping[str, Mapping[str, Needed]] = {
    "scantrust_uat": {
        "codes_view": Needed("read", "unique_code"),
        "scans_download": Needed("read", "scan"),
        "scm_bulk_edit": Needed("update", "unique_code", "scm_data"),
        "scm_code_edit": Needed("update", "unique_code", "scm_data"),
        "product_view": Needed("read", "product"),
        "product_create": Needed("create", "product"),
        "product_edit": Needed("update", "product"),
        "product_delete": Needed("delete", "product"),
        "brand_create": Needed("create", "brand"),
        "campaign_create": Needed("create", "campaign"),
        "workorder_view": Needed("read", "workorder"),
        "workorder_create": Needed("create", "workorder"),
        "workorder_edit": Needed("update", "workorder"),
        "workorder_cancel": Needed("update", "workorder", "state"),
        "workorder_archive": Needed("update", "workorder", "is_archived"),
        "workorder_delete": Needed("delete", "workorder"),
        "workorder_download": Needed("read", "workorder", "codegen_file"),
        "workorder_sid_download": Needed("read", "workorder", "codegen_file"),
        "ingestion_view": Needed("read", "unique_code"),
        "ingestion_cancel": Needed("delete", "unique_code"),
        "ingestion_code_create": Needed("create", "unique_code"),
    },
    "kitcheck": {"tags_create": Needed("create", "unique_code")},
}
"""By kind of credential and scope."""

SCOPES: Mapping[str, frozenset[str]] = {kind: frozenset(named) for kind, named in NEEDED.items()}
"""The scopes of the kinds that have some of their own. The others take any."""


def is_permitted(caller: Caller, kind: str, scope: str) -> bool:
    """Whether the user's own permissions allow what the scope needs."""
    return NEEDED[kind][scope].is_met(caller)
