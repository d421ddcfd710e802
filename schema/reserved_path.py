"""reserved_path: first words of paths that the server answers itself. Internal.

The web application writes them down at its start, from its own routes; rules and workers ask here.
"""

from schema.definition import Collection, string

reserved_path = Collection(
    "reserved_path",
    note="A word that no domain, short code or company slug can be: see app/access/reserved.py.",
    internal=True,
    fields=(string("word", primary_key=True, max_length=64),),
)
