"""Bodies: how large they may be, how fast they have to come, and whose turn it is to be looked at.

Reading what is in one takes the time of all whom this process serves, long before a statement comes
of it. So a request begins when it is its caller's turn (`app.web.turns`), and of large bodies an
account has a few at a time: the others wait until the first are answered.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import dataclass
from math import inf

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access.networks import network_of
from app.database.gate import Gate
from app.errors import (
    AppError,
    ContentTooLarge,
    InvalidPayload,
    RequestStalled,
    TooManyWaiting,
)
from app.settings import Settings
from app.web.clients import client_address
from app.web.rate_limiter import Show
from app.web.requests import HAS_COME, header
from app.web.turns import Stranger, Turns

LARGEST_LOGIN = 64 * 1024
"""Bytes of the body of a login: whoever sends it is nobody yet."""
_LARGEST_OF_NOBODY = 1024 * 1024
"""Bytes of a body without a token: reading it costs, before anybody knows that it is refused."""
_PIECE = 64 * 1024
"""Bytes of a body that come within REQUEST_STALL_SECONDS, unless it is the rest."""
_LARGE = 64 * 1024
"""Bytes. A body that does not say how large it is counts as large."""
_MOST_LARGE = 2
"""Large bodies at a time, of each account, in each web process."""
_MOST_UPLOADS = 8
"""Forms with files, in the same way: each has threads of the storage and a file on the disk."""
_LOOKED_AT = 8 * 1024
"""Bytes that are looked at together: a form may have a part in every twenty."""


@dataclass(frozen=True, slots=True)
class BodyRules:
    """What bounds the bodies of a surface, and whose turn its requests wait for."""

    largest: float = inf
    """Bytes, where MAX_PAYLOAD_SIZE is more."""
    has_uploads: bool = False
    """Whether forms with files are read block by block: they may have FILES_MAX_UPLOAD_SIZE."""
    begins_later: bool = False
    """Whether only its routes know who asks: they set `who` and call `begin`."""
    waits: bool = True
    """Whether its requests wait for a turn at all."""
    is_of_scans: bool = False
    """Whether they are scans: of these each network has a line of its own."""


class Lines:
    """Who waits in one web process: for a turn, and for one more large body or upload."""

    def __init__(self, settings: Settings) -> None:
        self.turns = Turns(settings.account_patience)
        self.large = Gate("large requests", _MOST_LARGE, settings.account_patience)
        self.uploads = Gate("uploads", _MOST_UPLOADS, settings.account_patience)


class Bodies:
    """Begins each request when it is its turn, and gives it its `state.body`.

    Bodies above MAX_PAYLOAD_SIZE are refused, however they are sent, and those that stop coming.
    Forms with files are never in memory as a whole: they may have FILES_MAX_UPLOAD_SIZE.
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, lines: Lines, show: Show, rules: BodyRules
    ) -> None:
        """`show`: how a refusal reads."""
        self.app = app
        self._settings = settings
        self._lines = lines
        self._turns = lines.turns
        self._show = show
        self._rules = rules
        self._begins_here = rules.waits and not rules.begins_later

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        who = _who(scope, is_of_scans=self._rules.is_of_scans)
        body = Body(who, receive, self._lines)
        scope["state"]["body"] = body
        size = _declared(scope)
        if size is not None:
            body.bound(size, *self._most(scope), self._settings.request_stall_seconds)
            body.has_come = scope.get(HAS_COME, _is_unsure)
            receive = body.receive
        try:
            if not self._turns.has_come() and self._begins_here:
                try:
                    await self._turns.wait(who)
                except TooManyWaiting as refusal:
                    await self._show(refusal)(scope, receive, send)
                    return
            await self.app(scope, receive, send)
        finally:
            # Nothing refers to it any more, and it to nothing: it goes at once, with its bytes.
            del scope["state"]["body"]
            body.leave()

    def _most(self, scope: Scope) -> tuple[float, bool]:
        """The bytes of its body, and whether that is an upload."""
        most = min(self._settings.max_payload_size, self._rules.largest)
        if self._rules.has_uploads and _is_form(scope):
            uploaded = self._settings.files_max_upload_size
            return (inf if uploaded is None else uploaded), True
        is_nobody = scope["state"]["items"].caller.is_anonymous and not self._rules.begins_later
        return (min(most, _LARGEST_OF_NOBODY) if is_nobody else most), False


class Body:
    """A request's body. `whole`: its bytes, once they are read. `who`: whose turn is waited for.
    `has_come`: tells whether more of it is there already.

    Surfaces of other products know late who asks: they set `who`, and call `begin`.
    """

    __slots__ = (
        "_came",
        "_declared",
        "_inside",
        "_is_upload",
        "_is_whole",
        "_large",
        "_left",
        "_most",
        "_receive",
        "_seen",
        "_stall",
        "_turns",
        "_uploads",
        "has_come",
        "who",
        "whole",
    )

    def __init__(self, who: Hashable, receive: Receive, lines: Lines) -> None:
        self.whole: bytes | None = None
        self.has_come: Callable[[], bool] = _is_unsure
        self.who = who
        self._receive = receive
        self._turns = lines.turns
        self._large, self._uploads = lines.large, lines.uploads
        self._inside: Gate | None = None
        self._is_whole = True

    def bound(self, size: float, most: float, is_upload: bool, stall: float) -> None:
        """Refuse more than `most` bytes, and pieces that don't come within `stall` seconds.

        `size`: the bytes that it is said to have; 0 where that is not said.
        """
        self._declared, self._most, self._is_upload = size, most, is_upload
        self._stall = self._left = stall
        self._seen = self._came = 0
        self._is_whole = False

    async def receive(self) -> Message:
        """The next message. Raises RequestStalled, and ContentTooLarge or InvalidPayload.

        Each piece, or the rest, has its time, while it is waited for: what the server does in
        between does not count, nor what others keep it from doing.
        """
        if self._is_whole:
            return await self._receive()
        if self._declared > self._most:
            raise self._refusal()
        message = await (self._receive() if self.has_come() else self._waited())
        size = len(message.get("body", b""))
        self._seen += size
        self._came += size
        if self._seen > self._most:
            raise self._refusal()
        if self._came >= _PIECE:
            self._left, self._came = self._stall, 0
        self._is_whole = not message.get("more_body", False)
        return message

    async def _waited(self) -> Message:
        start = time.monotonic()
        try:
            async with asyncio.timeout(self._left):
                message = await self._receive()
        except TimeoutError:
            raise RequestStalled(self._stall) from None
        self._left -= time.monotonic() - start
        return message

    def _refusal(self) -> AppError:
        if self._is_upload:
            return ContentTooLarge(int(self._most))
        return InvalidPayload(f"The body is larger than {self._most} bytes")

    async def read(self) -> bytes:
        """All of it, when it is its turn; and of a large one, when it is that of one more.

        Raises TooManyAtOnce when that does not come in time, ClientDisconnect, and as `receive`.
        """
        if self.whole is not None:
            return self.whole
        if self._is_whole:  # there is none
            self.whole = b""
            return b""
        if self._declared > _LARGE or not self._declared:
            await self._enter(self._large)
        was_there = self.has_come()
        message = await self.receive()
        parts = [message.get("body", b"")]
        if was_there and not message.get("more_body", False) and 0 < len(parts[0]) <= _LOOKED_AT:
            # Its turn is still that of its request.
            self.whole = parts[0]
            return self.whole
        while message.get("more_body", False):
            message = await self.receive()
            parts.append(message.get("body", b""))
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        self.whole = parts[0] if len(parts) == 1 else b"".join(parts)
        await self.begin()
        return self.whole

    async def pieces(self) -> AsyncIterator[bytes]:
        """Those of a form with files, in turn, never all of it. Raises as `read`."""
        await self._enter(self._uploads)
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            block, more = message.get("body", b""), message.get("more_body", False)
            for start in range(0, len(block), _LOOKED_AT):
                await self.begin()
                yield block[start : start + _LOOKED_AT]

    async def _enter(self, gate: Gate) -> None:
        if not gate.entered(self.who):
            await gate.wait(self.who)
        self._inside = gate

    async def begin(self) -> None:
        """Wait for its turn. Raises TooManyWaiting."""
        if not self._turns.has_come():
            await self._turns.wait(self.who)

    def leave(self) -> None:
        if self._inside is not None:
            self._inside.leave(self.who)
            self._inside = None


def _declared(scope: Scope) -> float | None:
    """Bytes of the body: 0 where that is not said, None where there is none.

    RFC 9112 6.3 knows no body that no header tells of.
    """
    said = header(scope, b"content-length")
    if header(scope, b"transfer-encoding"):
        return 0.0
    if said in {"", "0"}:
        return None
    return float(said) if said.isdecimal() else 0.0


def _who(scope: Scope, *, is_of_scans: bool) -> Hashable:
    """Whose turn it is: of whom nobody knows, each network's, and that of its scans."""
    state = scope["state"]
    caller = state["items"].caller
    if not caller.is_anonymous:
        share: Hashable = caller.share
        return share
    return Stranger(network_of(client_address(scope, state["settings"])), is_of_scans)


def _is_unsure() -> bool:
    """What a server says that does not tell whether there is anything to read: maybe not."""
    return False


def _is_form(scope: Scope) -> bool:
    return header(scope, b"content-type").lower().startswith("multipart/form-data")
