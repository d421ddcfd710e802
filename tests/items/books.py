"""A small schema of our own with every type and kind of relation, so that tests don't depend on
what Mintage's collections happen to be.
"""

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from app.database.migrate import install_functions, sqlalchemy_url
from app.database.tables import build_tables
from app.items.compile.compiler import Compiler
from schema import Collection, Index, Schema
from schema.definition import (
    Field,
    audit,
    big_integer,
    boolean,
    csv,
    decimal,
    hashed,
    integer,
    json,
    m2m,
    m2o,
    o2m,
    string,
    text,
    timestamp,
    uuid,
)

users = Collection(
    "directus_users",
    fields=(
        uuid("id", primary_key=True),
        string("first_name", max_length=50),
        hashed("password"),
        string("token", special=("conceal",)),
    ),
)
room = Collection(
    "room",
    fields=(
        integer("id", primary_key=True),
        string("name"),
        o2m("shelves", of="shelf", field="room"),
    ),
)
shelf = Collection(
    "shelf",
    fields=(
        string("id", primary_key=True, max_length=20),
        string("label", required=True),
        m2o("room", to="room", on_delete="RESTRICT"),
        timestamp("built_at"),
        o2m("books", of="book", field="shelf"),
    ),
    sort_field="label",
)
book = Collection(
    "book",
    fields=(
        uuid("id", primary_key=True),
        *audit(),
        string("title", required=True, max_length=40, pattern="^[^!]*$"),
        text("summary"),
        string("status", default="in", choices=("in", "out", "lost")),
        integer("pages", minimum=1, maximum=5000),
        integer("copies", wide=True, default=1),
        big_integer("isbn", unique=True),
        decimal("price", precision=(6, 2)),
        Field(name="weight", type="float"),
        boolean("lent"),
        json("extra"),
        csv("words"),
        timestamp("bought_at"),
        Field(name="read_at", type="dateTime"),
        Field(name="printed", type="date"),
        Field(name="opens", type="time"),
        uuid("label"),
        integer("number", readonly=True, generated="sequence"),
        m2o("shelf", to="shelf"),
        m2o("sequel", to="book"),
        m2m("tags", through="book_tag", field="book", junction_field="tag", on_deselect="delete"),
    ),
    indexes=(Index(("shelf", "title"), unique=True),),
)
loan = Collection(
    "loan",
    fields=(
        uuid("id", primary_key=True),
        m2o("book", to="book", enforced=False, on_delete="RESTRICT"),
        m2o("place", to="shelf", enforced=False, on_delete="SET NULL"),
        m2o("origin", to="shelf", enforced=False, on_delete="NO ACTION"),
        m2o("reader", to="directus_users", enforced=False, on_delete="NO ACTION"),
    ),
)
tag = Collection("tag", fields=(integer("id", primary_key=True), string("word", required=True)))
book_tag = Collection(
    "book_tag",
    fields=(
        integer("id", primary_key=True, generated="sequence"),
        m2o("book", to="book", on_delete="CASCADE"),
        m2o("tag", to="tag", on_delete="CASCADE"),
        integer("place"),
    ),
)
note = Collection(
    "note",
    fields=(integer("id", primary_key=True, generated="sequence"), string("words", default="none")),
    singleton=True,
)

LIBRARY = Schema((users, room, shelf, book, loan, tag, book_tag, note))
TABLES = build_tables(LIBRARY)
COMPILER = Compiler(LIBRARY, TABLES)


def create_tables(url: str) -> None:
    """The tables of the library, in an empty database."""
    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool)
    with engine.begin() as connection:
        install_functions(connection)
        TABLES.create_all(connection)
    engine.dispose()
