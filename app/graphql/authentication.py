"""Logins, passwords and one-time passwords at `/graphql/system` (directus.md 4.8, 5.3, 5.4)."""

from collections.abc import Awaitable, Callable
from enum import Enum
from functools import partial
from typing import Any

import strawberry
from starlette.requests import Request
from starlette.types import Scope

from app.domains.directus_users import password_reset
from app.domains.directus_users.sessions import Login, Mode
from app.errors import RequestsExceeded
from app.graphql.declare import forward, optional, output
from app.graphql.execution import Compiled
from app.graphql.outputs import Outputs
from app.graphql.resolvers import Info, finished
from app.graphql.roots import Root
from app.graphql.scalars import BigInt
from app.rest.auth import sessions_of
from app.rest.logins import forget, held, keep, told
from app.rest.passwords import own_user, second_factor
from app.web.rate_limiter import RateLimits

TOKENS, FACTOR = "auth_tokens", "users_me_tfa_generate_data"


@strawberry.enum(name="auth_mode")
class AuthMode(Enum):
    """Where the tokens of a login go: into the answer, or into cookies."""

    json = "json"
    cookie = "cookie"
    session = "session"


def mutations(outputs: Outputs) -> dict[str, Root]:
    """The mutations `auth_...` and `users_me_tfa_...`. They do what the REST routes do."""
    tokens = {
        "access_token": optional(str),
        "expires": optional(BigInt),
        "refresh_token": optional(str),
    }
    factor = {"secret": optional(str), "otpauth_url": optional(str)}
    outputs.types[TOKENS] = output(forward(TOKENS), tokens)
    outputs.types[FACTOR] = output(forward(FACTOR), factor)
    answer, done = optional(outputs.types[TOKENS]), optional(bool)
    mode = {"mode": optional(AuthMode)}
    token = {"refresh_token": optional(str)} | mode
    login = {"email": str, "password": str, "otp": optional(str)} | mode
    wanted = {"email": str, "reset_url": optional(str)}
    return {
        "auth_login": (answer, login, _login),
        "auth_refresh": (answer, token, _refresh),
        "auth_logout": (done, token, _logout),
        "auth_password_request": (done, wanted, _request_reset),
        "auth_password_reset": (done, {"token": str, "password": str}, _reset),
        "users_me_tfa_generate": (
            optional(outputs.types[FACTOR]),
            {"password": str},
            _tfa_generate,
        ),
        "users_me_tfa_enable": (done, {"otp": str, "secret": str}, _tfa_enable),
        "users_me_tfa_disable": (done, {"otp": str}, _tfa_disable),
    }


async def count(info: Info, *, login: bool = False) -> None:
    """One more request, or login: a document may hold many. Raises RequestsExceeded."""
    request = info.context.request
    limits: RateLimits = request.state.rate_limits
    look: Callable[[Scope], Awaitable[RequestsExceeded | None]]
    look = limits.of_login if login else limits.of_request
    refused = await look(request.scope)
    if refused is not None:
        raise refused


async def _login(_root: Any, info: Info, **given: Any) -> Compiled:
    await count(info, login=True)
    mode, client = _mode(given), info.context.items.caller.client
    sessions = sessions_of(info.context.request)
    made = await sessions.login(given["email"], given["password"], mode, client, given.get("otp"))
    return _answer(info, made, mode)


async def _refresh(_root: Any, info: Info, **given: Any) -> Compiled:
    await count(info, login=True)
    request, mode = info.context.request, _mode(given)
    token, client = held(request, given, mode), info.context.items.caller.client
    return _answer(info, await sessions_of(request).refresh(token, mode, client), mode)


async def _logout(_root: Any, info: Info, **given: Any) -> bool:
    await count(info, login=True)
    request = info.context.request
    await sessions_of(request).logout(held(request, given, _mode(given)))
    info.context.cookies.append(partial(forget, request=request))
    return True


def _mode(given: dict[str, Any]) -> Mode:
    mode: AuthMode | None = given.get("mode")
    return "json" if mode is None else mode.value


def _answer(info: Info, made: Login, mode: Mode) -> Compiled:
    settings = info.context.settings
    info.context.cookies.append(partial(keep, made=made, mode=mode, settings=settings))
    return finished(info, TOKENS, told(made, mode) | {"expires": str(made.expires)})


async def _request_reset(_root: Any, info: Info, **given: Any) -> bool:
    await count(info, login=True)
    password_reset.ask(given.get("reset_url"), info.context.settings)
    return True


async def _reset(_root: Any, info: Info, **given: Any) -> bool:
    await count(info, login=True)
    context = info.context
    secret = context.settings.secret
    await password_reset.reset(context.items, given["token"], given["password"], secret)
    return True


async def _tfa_generate(_root: Any, info: Info, **given: Any) -> Compiled:
    request, user = _own(info)
    await count(info)
    client = info.context.items.caller.client
    secret, url = await second_factor(request).generate(user, given["password"], client)
    return finished(info, FACTOR, {"secret": secret, "otpauth_url": url})


async def _tfa_enable(_root: Any, info: Info, **given: Any) -> bool:
    request, user = _own(info)
    await second_factor(request).enable(user, given["secret"], given["otp"])
    return True


async def _tfa_disable(_root: Any, info: Info, **given: Any) -> bool:
    request, user = _own(info)
    client = info.context.items.caller.client
    await second_factor(request).disable(user, given["otp"], client)
    return True


def _own(info: Info) -> tuple[Request, str]:
    return info.context.request, own_user(info.context.request)
