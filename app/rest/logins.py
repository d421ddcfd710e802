"""What a login gives: tokens in the answer or in cookies, as its mode says (directus.md 5.3)."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.access.tokens import read
from app.domains.directus_users.sessions import Login, Mode
from app.errors import InvalidPayload
from app.settings import Settings
from app.web.cookies import SESSION_COOKIE, cookie, cookie_scope

REFRESH_COOKIE = "directus_refresh_token"


def told(made: Login, mode: Mode) -> dict[str, Any]:
    """What is said of a login in its answer."""
    data: dict[str, Any] = {"expires": made.expires}
    if mode == "json":
        data["refresh_token"] = made.refresh_token
    if mode != "session":
        data["access_token"] = made.access_token
    return data


def keep(response: Response, made: Login, mode: Mode, settings: Settings) -> None:
    """Give the browser the cookie of a login, where its mode has one."""
    if mode == "cookie":
        name, value, seconds = REFRESH_COOKIE, made.refresh_token, settings.refresh_token_ttl
    elif mode == "session":
        name, value, seconds = SESSION_COOKIE, made.access_token, settings.session_cookie_ttl
    else:
        return
    response.set_cookie(name, value, max_age=round(seconds), **cookie_scope(settings))


def forget(response: Response, request: Request) -> None:
    """Take the cookies of its login from a browser that has any."""
    for name in (REFRESH_COOKIE, SESSION_COOKIE):
        if cookie(request.scope, name) is not None:
            response.delete_cookie(name, **cookie_scope(request.state.settings))


def held(request: Request, given: dict[str, Any], mode: Mode) -> str:
    """The refresh token of a request: as it is given, in its cookie, or in the session's.

    Raises InvalidPayload where there is none.
    """
    scope = request.scope
    token = given.get("refresh_token") if mode == "json" else cookie(scope, REFRESH_COOKIE)
    session = cookie(scope, SESSION_COOKIE) if mode == "session" else None
    if session is not None:
        # Not checked yet, where another token came with it.
        token = read(session, request.state.settings.secret).get("session")
    if not isinstance(token, str) or not token:
        raise InvalidPayload("The refresh token is required in either the payload or cookie")
    return token
