"""code_space and code_range: which serials were ever issued (DESIGN.md 5). Internal."""

from schema.definition import (
    Collection,
    Index,
    big_integer,
    integer,
    m2o,
    string,
    text,
    timestamp,
    uuid,
)

code_space = Collection(
    "code_space",
    note="All codes of one length and alphabet under one key prefix.",
    internal=True,
    fields=(
        uuid("id", primary_key=True),
        string("key_prefix", required=True, max_length=160, note="E.g. /01/<gtin14>/21/."),
        string("alphabet", required=True, max_length=128),
        integer("length", required=True),
        text("wrapped_key", note="The FF1 key, encrypted under SECRET. None: sequential."),
        integer(
            "company_prefix_length",
            note="Digits of the GS1 company prefix in the keys, fixed when the first are taken.",
        ),
        big_integer("next_position", required=True, default=0, note="Positions issued so far."),
        timestamp("date_created", special=("date-created",)),
    ),
    indexes=(Index(("key_prefix", "alphabet", "length"), unique=True),),
)

code_range = Collection(
    "code_range",
    note="A run of positions (or SSCC serials) that one chunk of one job took.",
    internal=True,
    fields=(
        uuid("id", primary_key=True),
        m2o("code_space", to="code_space", required=True, on_delete="CASCADE"),
        big_integer("first_position", required=True),
        integer("quantity", required=True),
        uuid("identifier_job", required=True, note="Stays when the job is deleted."),
        uuid("account", note="Whose the codes were minted for, also when the job is deleted."),
        string("reference_id", note="The job's reference when the range was taken."),
        timestamp("minted_at", note="When the codes were committed; none: taken, not minted."),
    ),
    indexes=(
        Index(("code_space", "first_position"), unique=True),
        Index(("identifier_job",)),
    ),
)
