"""multipart/form-data, part by part as it arrives: a body is never in memory as a whole."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from app.errors import InvalidPayload, UnsupportedMediaType

FORM = "multipart/form-data"
_LONGEST_TYPE = 1000
"""Characters of a Content-Type. What reads its options takes the square of them."""
_MOST_PARTS = 1000
_LONGEST_TEXT = 1024 * 1024
"""Bytes of a part that is a field, not a file."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: a field, or a file when it has a `filename`. Read `blocks` before the next part."""

    name: str
    filename: str | None
    content_type: str
    blocks: AsyncIterator[bytes]

    async def text(self) -> str:
        """The value of a field. Raises InvalidPayload when it is longer than a field may be."""
        held = bytearray()
        async for block in self.blocks:
            held += block
            if len(held) > _LONGEST_TEXT:
                raise InvalidPayload(
                    f'The field "{self.name}" is longer than {_LONGEST_TEXT} bytes'
                )
        return held.decode("utf-8", "replace")


def is_form(request: Request) -> bool:
    """Whether the body is a form with files."""
    return request.headers.get("content-type", "").lower().startswith(FORM)


async def read_parts(request: Request) -> AsyncIterator[Part]:
    """The parts of the body, in its order.

    Raises UnsupportedMediaType when it is no form, InvalidPayload when it is a broken one, and
    TooManyAtOnce.
    """
    said = request.headers.get("content-type", "")
    if len(said) > _LONGEST_TYPE:
        raise InvalidPayload(f"The Content-Type has more than {_LONGEST_TYPE} characters")
    kind, options = parse_options_header(said)
    if kind != FORM.encode():
        raise UnsupportedMediaType(kind.decode() or "unknown", "Content-Type header")
    boundary = options.get(b"boundary")
    if not boundary:
        raise InvalidPayload("The form has no boundary")
    events = _Events(request.state.body.pieces(), boundary)
    count = 0
    while (headers := await events.headers()) is not None:
        count += 1
        if count > _MOST_PARTS:
            raise InvalidPayload(f"The form has more than {_MOST_PARTS} parts")
        blocks = events.blocks()
        yield _part(headers, blocks)
        async for _rest in blocks:
            pass


def _part(headers: dict[str, str], blocks: AsyncIterator[bytes]) -> Part:
    _, options = parse_options_header(headers.get("content-disposition"))
    filename = options.get(b"filename")
    return Part(
        name=_text(options.get(b"name", b"")),
        filename=None if filename is None else _text(filename),
        content_type=headers.get("content-type", ""),
        blocks=blocks,
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


_END = "the end of a part"
_Event = dict[str, str] | bytes | str
"""A part's headers, then its blocks, then its end."""


class _Events:
    """What the parser finds in the body, read block by block as it is wanted."""

    def __init__(self, body: AsyncIterator[bytes], boundary: bytes) -> None:
        self._body = body
        self._found: deque[_Event] = deque()
        self._headers: dict[str, str] = {}
        self._name = self._value = b""
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_begin": self._on_header_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                },
            )
        except FormParserError as error:
            raise InvalidPayload(f"The form can't be read: {error}") from None

    async def headers(self) -> dict[str, str] | None:
        """The headers of the next part; None at the end of the form."""
        while (found := await self._next()) is not None:
            if isinstance(found, dict):
                return found
        return None

    async def blocks(self) -> AsyncIterator[bytes]:
        """The blocks of the part whose headers came last."""
        while (found := await self._next()) is not _END:
            if not isinstance(found, bytes):
                raise InvalidPayload("The form ends in the middle of a part")
            yield found

    async def _next(self) -> "_Event | None":
        """The next event; None at the end of the body."""
        while not self._found:
            try:
                block = await anext(self._body, None)
            except ClientDisconnect:
                raise InvalidPayload("The body was cut off") from None
            if block is None:
                return None
            self._feed(block)
        return self._found.popleft()

    def _feed(self, block: bytes) -> None:
        try:
            self._parser.write(block)
        except FormParserError as error:
            raise InvalidPayload(f"The form can't be read: {error}") from None

    def _on_part_begin(self) -> None:
        self._headers = {}

    def _on_header_begin(self) -> None:
        self._name = self._value = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        # Names in UTF-8 have to survive a parser of header parameters that thinks in latin-1.
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("latin-1")

    def _on_headers_finished(self) -> None:
        self._found.append(self._headers)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._found.append(data[start:end])

    def _on_part_end(self) -> None:
        self._found.append(_END)
