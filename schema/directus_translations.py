"""directus_translations: texts of the installation in each language, as a Studio shows them.

They are the installation's, as its settings are: who has an account only reads them.
"""

from schema.definition import Collection, Index, string, text, uuid

directus_translations = Collection(
    "directus_translations",
    note="Texts that a Studio shows for `$t:<key>`, one for each language.",
    fields=(
        uuid("id", primary_key=True),
        string("language", required=True, note="As IETF BCP 47 names it, e.g. en-US."),
        string("key", required=True),
        text("value", required=True),
    ),
    indexes=(Index(("key", "language"), unique=True),),
)
