"""What is nowhere on this surface is told in its shape (systems.md 7.1). Keep it the last."""

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.errors import TooManyWaiting
from app.vendors.scantrust.errors import NotFound, error_response


class Nowhere:
    """Answers 404 to every method, when it is the turn of whoever asks from there."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await scope["state"]["body"].begin()
        except TooManyWaiting as refusal:
            await error_response(refusal)(scope, receive, send)
        else:
            await error_response(NotFound())(scope, receive, send)


routes = [Route("/api/v2/{path:path}", Nowhere()), Route("/v2/{path:path}", Nowhere())]
