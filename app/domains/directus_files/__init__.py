"""Files: rows here, bytes in object storage; neither is ever without the other for long."""

from app.domains.directus_files.rules import FileRules
from app.items.hooks import register_rules


def register() -> None:
    register_rules("directus_files", FileRules())
