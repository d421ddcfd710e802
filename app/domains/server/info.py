"""How the project is called and shown, and what bounds a user's requests (directus.md 10)."""

from importlib.metadata import version
from typing import Any

import orjson

from app.access.caller import SYSTEM
from app.items.items import Items
from app.items.query.tree import Leaf, Query
from app.settings import Settings
from schema.snapshot_writing import DIRECTUS

PROJECT = (
    "project_name project_descriptor project_logo project_color default_appearance "
    "default_theme_light default_theme_dark theme_light_overrides theme_dark_overrides "
    "default_language public_foreground public_favicon public_note custom_css "
    "public_registration public_registration_verify_email public_background"
).split()
"""The settings everybody may know (transcript 298)."""


async def info(items: Items, settings: Settings) -> dict[str, Any]:
    """What everybody may know of the project; users also what bounds their requests.

    `version` is the Directus whose contract is served; Mintage's own is under `mintage`.
    """
    # Everybody may know this much, whatever he may read of the settings.
    everybody = Items(items.database, items.compiler, SYSTEM)
    shown = tuple(Leaf(name, name) for name in PROJECT)
    project = orjson.loads(await everybody.singleton(Query("directus_settings", shown)))
    told = {"project": project, "setupCompleted": True}
    return told if items.caller.is_anonymous else told | _for_users(settings)


def _for_users(settings: Settings) -> dict[str, Any]:
    return {
        "rateLimit": settings.rate_limiter_enabled
        and {
            "points": settings.rate_limiter_points,
            "duration": settings.rate_limiter_duration,
        },
        "rateLimitGlobal": settings.rate_limiter_global_enabled
        and {
            "points": settings.rate_limiter_global_points,
            "duration": settings.rate_limiter_global_duration,
        },
        "queryLimit": {
            "default": settings.query_limit_default,
            "max": -1 if settings.query_limit_max is None else settings.query_limit_max,
        },
        "websocket": False,
        "files": {"mimeTypeAllowList": None, "maxUploadSize": settings.files_max_upload_size},
        "version": DIRECTUS,
        "mintage": {"version": version("mintage")},
    }
