"""The file of a reservation: its codes with their links and EPCs, in flat memory (systems.md 1.6).

PostgreSQL renders the rows, as the transaction sees them that has just reserved them.
"""

from typing import Any

from app.access.caller import Caller
from app.access.identity import asker
from app.database.session import ReadSession, WriteSession
from app.domains.code_reservation.service import Reservation
from app.domains.directus_files.names import plain_name, plain_type
from app.domains.directus_files.uploads import Upload, announced
from app.domains.unique_code.lists import own_codes
from app.errors import RecordNotUnique, UnprocessableContent, Unusable
from app.items.cache.prepared import Statement
from app.items.compile.compiler import Compiler
from app.items.export.exports import FORMATS, MEDIA_TYPES, Format, exported
from app.items.query.tree import Query
from app.items.write.writer import Writer
from app.storage import Storage

FILES = "directus_files"
COLUMNS = ("id", "code", "type", "digital_link", "epc_uri", "epc_hex", "product")
"""What the file says of every code, in this order."""


async def make_file(
    session: WriteSession, compiler: Compiler, storage: Storage, reservation: Reservation, name: str
) -> None:
    """Store the codes of a reservation in its format, as a file whose key is the reservation's.

    It says of the codes what who reserved them may read. `name`: what its bytes are stored as. A
    file of an earlier time is replaced. Raises ServiceUnavailable when the storage is away,
    Forbidden for who may read no code, and UnprocessableContent where nobody is left who asked.
    """
    caller = await asker(session, reservation.user_created, reservation.account)
    if caller is None:
        raise UnprocessableContent(
            "Who reserved the codes is no longer an active user here: make the reservation again"
        )
    form = _form(reservation)
    query = own_codes(compiler, caller, COLUMNS, ("reservation",), reservation.id)
    rows = _with_suffix(query, compiler.rows(query), reservation.url_suffix)
    session_of_rows = ReadSession(session.connection)
    blocks = exported(session_of_rows, compiler, query, form, statement=rows)
    size = await storage.put(name, blocks, MEDIA_TYPES[form])
    await _keep(session, compiler, reservation, Upload(reservation.id, name, size))


async def _keep(
    session: WriteSession, compiler: Compiler, reservation: Reservation, upload: Upload
) -> None:
    """A row of directus_files for the bytes: the one of an earlier time if it is there."""
    said = _described(reservation)
    # An admin may ask for what belongs to an account; so it is said whose the file is.
    writer = Writer(compiler, session, Caller(user=reservation.user_created, is_admin=True))
    try:
        with announced([upload]):
            if reservation.export_file is None:
                await writer.create(FILES, [said])
            else:
                await writer.update(FILES, [(reservation.export_file, said)])
    except RecordNotUnique:  # its key, which the file shares, may be that of another's file
        raise Unusable("id") from None


def _with_suffix(query: Query, rows: Statement, suffix: str) -> Statement:
    """The same rows, with something behind each link (systems.md 1.6, url_suffix)."""
    names = [node.key for node in query.selection]
    shown = ", ".join(
        "digital_link || %(url_suffix)s AS digital_link" if name == "digital_link" else name
        for name in names
    )
    return Statement(
        f"SELECT {shown} FROM ({rows.sql}) AS code", {**rows.values, "url_suffix": suffix}
    )


def _form(reservation: Reservation) -> Format:
    """The format of the file. The definition of the field has no other choices."""
    return next(form for form in FORMATS if form == reservation.export_type)


def _described(reservation: Reservation) -> dict[str, Any]:
    named = reservation.reference_id or reservation.id
    return {
        "title": f"Reservation {named}",
        "filename_download": plain_name(f"reservation-{named}.{reservation.export_type}"),
        "type": plain_type(MEDIA_TYPES[_form(reservation)]),
        "account": reservation.account,
        "folder": None,
    }
