"""The permissions nobody has to give: of app access, and of belonging to an account.

Directus gives app access a small set (directus.md 6.2); systems.md 6.10 asks that everybody may
read the names of the users of its own account, so that `user_created` shows who it was.
"""

from app.access.permissions import Permission

_OWN_USER = {"id": {"_eq": "$CURRENT_USER"}}

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
