"""The language collections are declared in: fields, relations, collections. Pure data.

Names, types and specials are Directus's own (contract: directus.md section 8), so that a definition
can be printed as a Directus snapshot and read back from one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TYPES = frozenset(
    "string text boolean integer bigInteger float decimal dateTime timestamp date time json csv "
    "uuid hash".split()
)
"""Directus field types a column can have. (A many-to-one takes the type of its target's key.)"""

ALIAS = "alias"
"""The type of a field without a column: a to-many relation."""

GENERATING_SPECIALS = frozenset(
    "uuid date-created date-updated user-created user-updated role-created role-updated".split()
)
"""Specials that fill a field by themselves: they lift the not-null and required checks."""

CASTS: Mapping[str, tuple[str, ...]] = {
    "boolean": ("cast-boolean",),
    "csv": ("cast-csv",),
    "json": ("cast-json",),
}
"""Specials by which Directus knows a type again: its databases have none, or another, for it."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A many-to-one: the field holds a key of collection `to`.

    `enforced`: PostgreSQL checks every row (a foreign key). Off for tables that grow with the
    codes, where a check per minted row would cost more than the row; `app.items` checks instead.
    `scalar`: surfaces show the key only, never the object.
    `on_delete`: what happens when the target goes: SET NULL, RESTRICT (the target must stay),
    CASCADE, or, where nothing is enforced, NO ACTION (the key stays as a record of the past).
    """

    to: str
    on_delete: str = "SET NULL"
    enforced: bool = True
    scalar: bool = False


@dataclass(frozen=True, slots=True)
class ToMany:
    """A to-many: the rows of `collection` whose many-to-one `field` holds this row's key.

    `junction_field`: set for a many-to-many, where `collection` is the junction: its other
    many-to-one. `sort_field` orders the rows. `on_deselect`: what becomes of a row that a write
    leaves out: "nullify" (unlinked) or "delete".
    """

    collection: str
    field: str
    junction_field: str | None = None
    sort_field: str | None = None
    on_deselect: str = "nullify"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a collection, and the column it is stored in.

    `required`: a create must give it (or a special or default fills it); the column is NOT NULL.
    `readonly`: the server sets it; what a client sends is dropped.
    `choices`, `minimum`, `maximum`, `pattern`: rules every write is validated against.
    `wide`: an integer stored in 64 bits and still shown as a number.
    `generated`: "sequence" (a database counter), "now" (the moment of the create) or "evt_id"
    (24 random symbols, systems.md 2.1).
    `computed`: has no column; its value is an expression a domain registers.
    `many`: a to-many relation; the field has no column.
    `validation`: a Directus filter every written value has to pass; `validation_message` says so.
    `searchable`: `search` looks into it.
    `code_path`: holds the path of a code, given in any form that `app.codes.scanned_text` reads;
    many-to-ones to such a key are so, too.
    `storage`: the PostgreSQL type, where it is not the usual one of the Directus type.
    `meta`: what a Studio shows it with (interface, options, width, ...): kept, printed, never read.
    """

    name: str
    type: str
    note: str = ""
    primary_key: bool = False
    special: tuple[str, ...] = ()
    required: bool = False
    readonly: bool = False
    default: Any = None
    unique: bool = False
    indexed: bool = False
    max_length: int | None = None
    precision: tuple[int, int] | None = None
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    wide: bool = False
    generated: str | None = None
    computed: bool = False
    relation: Relation | None = None
    many: ToMany | None = None
    validation: Mapping[str, Any] | None = field(default=None, hash=False)
    validation_message: str | None = None
    searchable: bool = True
    code_path: bool = False
    storage: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def stored(self) -> bool:
        """Whether it has a column."""
        return not self.computed and self.many is None

    @property
    def concealed(self) -> bool:
        return "conceal" in self.special

    @property
    def fills_itself(self) -> bool:
        """Whether a create may leave it out although the column is NOT NULL."""
        return (
            self.default is not None
            or self.generated is not None
            or bool(GENERATING_SPECIALS.intersection(self.special))
        )


@dataclass(frozen=True, slots=True)
class Index:
    """A composite or partial index. `where` is a literal SQL condition over the same table."""

    fields: tuple[str, ...]
    unique: bool = False
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection: its fields in wire order, its indexes, and who may see it at all.

    `internal` collections have a table and nothing else: no surface ever names them.
    `system` collections (`directus_...`) have routes of their own (`/users`) and /graphql/system.
    `singleton`: has one row. `readonly`: written by the server only.
    `unkept`: Directus keeps rows of it and Mintage does not: it reads as empty.
    `accountability`: what is kept of every write: "all" (activity and revisions), "activity", None.
    `tenancy`: the filter that picks an account's own rows, with `$CURRENT_ACCOUNT`. None: the rows
    belong to nobody; those of system collections a caller with an account may only read.
    `shared`: a caller with an account may only read, though some rows are its account's own.
    `readable`: the filter that picks the rows an account may read and refer to, where these are
    more than its own; it changes those of `tenancy` only.
    `meta`: what a Studio shows it with: kept, printed, never read.
    """

    name: str
    fields: tuple[Field, ...]
    note: str = ""
    indexes: tuple[Index, ...] = ()
    internal: bool = False
    sort_field: str | None = None
    singleton: bool = False
    readonly: bool = False
    unkept: bool = False
    accountability: str | None = "all"
    tenancy: Mapping[str, Any] | None = field(default=None, hash=False)
    shared: bool = False
    readable: Mapping[str, Any] | None = field(default=None, hash=False)
    meta: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __hash__(self) -> int:
        """By name: statements are kept by collection, and all of its fields would be hashed."""
        return hash(self.name)

    @property
    def system(self) -> bool:
        return self.name.startswith("directus_")

    @property
    def primary_key(self) -> Field:
        return next(field for field in self.fields if field.primary_key)


def uuid(name: str, **options: Any) -> Field:
    """A uuid. As a primary key it is made by the server unless the client brings one."""
    if options.get("primary_key"):
        options.setdefault("special", ("uuid",))
    return Field(name=name, type="uuid", **options)


def string(name: str, **options: Any) -> Field:
    """A text of at most 255 characters, or `max_length`."""
    options.setdefault("max_length", 255)
    return Field(name=name, type="string", **options)


def text(name: str, **options: Any) -> Field:
    return Field(name=name, type="text", **options)


def integer(name: str, **options: Any) -> Field:
    return Field(name=name, type="integer", **options)


def big_integer(name: str, **options: Any) -> Field:
    """64 bits; on the wire a string, as Directus sends it."""
    return Field(name=name, type="bigInteger", **options)


def decimal(name: str, **options: Any) -> Field:
    """Exact; a string on the wire. `precision` = (digits, digits after the point)."""
    options.setdefault("precision", (10, 5))
    return Field(name=name, type="decimal", **options)


def boolean(name: str, **options: Any) -> Field:
    return Field(name=name, type="boolean", special=CASTS["boolean"], **options)


def timestamp(name: str, **options: Any) -> Field:
    """A moment in time; on the wire ISO 8601 in UTC with milliseconds."""
    return Field(name=name, type="timestamp", **options)


def json(name: str, **options: Any) -> Field:
    return Field(name=name, type="json", special=CASTS["json"], **options)


def csv(name: str, **options: Any) -> Field:
    """A list of strings, stored joined by commas."""
    return Field(name=name, type="csv", special=CASTS["csv"], **options)


def hashed(name: str, **options: Any) -> Field:
    """A secret: stored as an argon2 hash, read as `**********`."""
    return Field(name=name, type="hash", special=("hash", "conceal"), max_length=255, **options)


def m2o(
    name: str,
    *,
    to: str,
    on_delete: str = "SET NULL",
    enforced: bool = True,
    scalar: bool = False,
    **options: Any,
) -> Field:
    """A many-to-one. Its column has the type of the target's key (resolved by `Schema`)."""
    relation = Relation(to, on_delete=on_delete, enforced=enforced, scalar=scalar)
    options["special"] = (*options.pop("special", ()), "m2o")
    return Field(name=name, type="m2o", relation=relation, **options)


def o2m(name: str, *, of: str, field: str, **options: Any) -> Field:
    """A one-to-many: the rows of collection `of` whose many-to-one `field` points here."""
    many = ToMany(
        of,
        field,
        sort_field=options.pop("sort_field", None),
        on_deselect=options.pop("on_deselect", "nullify"),
    )
    return Field(name=name, type=ALIAS, special=("o2m",), many=many, **options)


def m2m(name: str, *, through: str, field: str, junction_field: str, **options: Any) -> Field:
    """A many-to-many: rows of the junction `through`, whose `junction_field` points on."""
    many = ToMany(
        through,
        field,
        junction_field=junction_field,
        sort_field=options.pop("sort_field", None),
        on_deselect=options.pop("on_deselect", "nullify"),
    )
    return Field(name=name, type=ALIAS, special=("m2m",), many=many, **options)


def computed(name: str, type: str = "string", **options: Any) -> Field:  # noqa: A002 - Directus's word
    """A field with no column: a domain registers the expression it reads as."""
    special = CASTS.get(type, ())
    return Field(name=name, type=type, special=special, computed=True, readonly=True, **options)


OWN_ROWS: Mapping[str, Any] = {"account": {"_eq": "$CURRENT_ACCOUNT"}}
"""The tenancy of collections whose rows name their account."""


OWN_OR_SHARED_ROWS: Mapping[str, Any] = {
    "_or": [{"account": {"_eq": "$CURRENT_ACCOUNT"}}, {"account": {"_null": True}}]
}
"""Of collections whose rows without an account are there for all of them."""


def tenant(**options: Any) -> Field:
    """The account a row belongs to. An account with rows can't be deleted."""
    options.setdefault("on_delete", "RESTRICT")
    return m2o("account", to="account", **options)


def audit(*, enforced: bool = True) -> tuple[Field, ...]:
    """The four fields every collection has: who and when. Set by the server, never by a client."""
    on_delete = "SET NULL" if enforced else "NO ACTION"
    return (
        m2o(
            "user_created",
            to="directus_users",
            special=("user-created",),
            enforced=enforced,
            on_delete=on_delete,
            readonly=True,
            note="User who created the item.",
        ),
        timestamp(
            "date_created",
            special=("date-created",),
            readonly=True,
            note="When the item was created.",
        ),
        m2o(
            "user_updated",
            to="directus_users",
            special=("user-updated",),
            enforced=enforced,
            on_delete=on_delete,
            readonly=True,
            note="User who last updated the item.",
        ),
        timestamp(
            "date_updated",
            special=("date-updated",),
            readonly=True,
            note="When the item was last updated.",
        ),
    )
