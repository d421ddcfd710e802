"""The permissions nobody has to give: of app access, and of belonging to an account.

Directus gives app access a small set (directus.md 6.2); systems.md 6.10 asks that everybody may
read the names of the users of its own account, so that `user_created` shows who it was.
"""

from app.access.permissions import Permission

_OWN_USER = {"id": {"_eq": "$CURRENT_USER"}}
_OF_USER = {"user": {"_eq": "$CURRENT_USER"}}
_CREATED = {"user_created": {"_eq": "$CURRENT_USER"}}
_RECEIVED = {"recipient": {"_eq": "$CURRENT_USER"}}
_PRESETS_FOR_USER = {
    "_or": [
        _OF_USER,
        {"_and": [{"user": {"_null": True}}, {"role": {"_eq": "$CURRENT_ROLE"}}]},
        {"_and": [{"user": {"_null": True}}, {"role": {"_null": True}}]},
    ]
}
"""Its own, those of its role, and everybody's."""

OF_APP: tuple[Permission, ...] = (
    Permission(
        "directus_users",
        "read",
        fields=frozenset(
            "id first_name last_name email location title description tags avatar language "
            "appearance theme_light theme_dark theme_light_overrides theme_dark_overrides "
            "tfa_secret status role last_page email_notifications text_direction".split()
        ),
        rule=_OWN_USER,
    ),
    Permission(
        "directus_users",
        "update",
        fields=frozenset(
            "first_name last_name email password location title description tags avatar language "
            "appearance theme_light theme_dark theme_light_overrides theme_dark_overrides "
            "last_page email_notifications text_direction".split()
        ),
        rule=_OWN_USER,
    ),
    Permission(
        "directus_roles",
        "read",
        fields=frozenset({"id", "name", "icon", "description", "parent"}),
        rule={"id": {"_in": "$CURRENT_ROLES"}},
    ),
    Permission(
        "directus_settings",
        "read",
        fields=frozenset(
            "id project_name project_url project_color project_logo project_descriptor "
            "default_language default_appearance default_theme_light default_theme_dark "
            "theme_light_overrides theme_dark_overrides public_foreground public_background "
            "public_favicon public_note custom_css storage_default_folder".split()
        ),
    ),
    Permission("directus_presets", "read", rule=_PRESETS_FOR_USER),
    Permission(
        "directus_presets",
        "create",
        validation=_OF_USER,
        presets={"user": "$CURRENT_USER"},  # or who says nothing would make everybody's
    ),
    Permission("directus_presets", "update", rule=_OF_USER, validation=_OF_USER),
    Permission("directus_presets", "delete", rule=_OF_USER),
    Permission("directus_comments", "read", rule=_CREATED),
    Permission("directus_comments", "create"),
    Permission("directus_comments", "update", fields=frozenset({"comment"}), rule=_CREATED),
    Permission("directus_comments", "delete", rule=_CREATED),
    Permission("directus_translations", "read"),
    Permission("directus_notifications", "read", rule=_RECEIVED),
    Permission("directus_shares", "read", rule=_CREATED),
)
"""What a policy with app_access adds."""

OF_ACCOUNTS: tuple[Permission, ...] = (
    Permission(
        "directus_users",
        "read",
        fields=frozenset({"id", "first_name", "last_name"}),
        rule={"account": {"_eq": "$CURRENT_ACCOUNT"}},
    ),
)
"""What a caller with an account may read without being told."""
