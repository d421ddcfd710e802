"""The log of requests: one line each, with its id, status and duration."""

import logging
import time
from collections.abc import Awaitable
from secrets import token_hex

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import AppError
from app.web.requests import header, path_for_logs
from app.web.responses import error_response

logger = logging.getLogger(__name__)
requests = structlog.get_logger()
_CLIENT_GONE = 499
"""Logged for a client that left before it had sent everything: it gets no answer."""


class RequestLog:
    """Gives each request an id (or takes the caller's), and logs it with status and duration.

    The outer edge: what nobody foresaw is logged whole and told in one sentence.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = header(scope, b"x-request-id")[:128] or token_hex(16)
        structlog.contextvars.bind_contextvars(request_id=request_id)
        start, status = time.perf_counter(), 0

        def send_with_id(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode("latin-1")),
                ]
            return send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except ClientDisconnect:
            status = status or _CLIENT_GONE
        except Exception:
            logger.exception("request failed", extra={"path": path_for_logs(scope)})
            if status:
                raise  # the answer has begun: all that is left is to cut it off
            crash = AppError("An unexpected error occurred.")
            await error_response(crash)(scope, receive, send_with_id)
        finally:
            requests.info(
                "request",
                method=scope["method"],
                path=path_for_logs(scope),
                status=status,
                ms=round((time.perf_counter() - start) * 1000, 2),
            )
