"""The surfaces of Directus's REST (directus.md), by how their requests are looked at."""

from app.rest import (
    assets,
    auth,
    definitions,
    files,
    items,
    me,
    openapi,
    passwords,
    schema_snapshot,
    server,
    system,
    utils,
)
from app.web.authentication import nobody, token_holder_soon
from app.web.bodies import LARGEST_LOGIN, BodyRules
from app.web.surface import Surface, Surfaces

_WITH_UPLOADS = BodyRules(has_uploads=True)


def rest_surfaces(surfaces: Surfaces) -> list[Surface]:
    """All of them. What is asked most comes first: they are looked through in this order."""
    return [
        surfaces.surface(items.routes),
        surfaces.surface(
            [*auth.login_routes, *passwords.login_routes],
            is_login=True,
            body=BodyRules(largest=LARGEST_LOGIN),
        ),
        # Who watches the server asks often, and is in no line.
        surfaces.surface(
            server.ping_routes, caller_of=nobody, is_counted=False, body=BodyRules(waits=False)
        ),
        surfaces.surface(server.health_routes, caller_of=token_holder_soon),
        surfaces.surface([*files.routes, *utils.upload_routes], body=_WITH_UPLOADS),
        surfaces.surface(
            [
                *auth.routes,
                *passwords.routes,
                *me.routes,
                *definitions.routes,
                *schema_snapshot.routes,
                *server.routes,
                *openapi.routes,
                *assets.routes,
                *utils.routes,
                *system.routes,
            ]
        ),
    ]
