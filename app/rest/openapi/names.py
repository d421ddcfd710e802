"""What Directus calls the parts of its OpenAPI document: clients are generated with these names."""

import re
from dataclasses import dataclass

from schema import Collection, Schema

# Words as Directus's titles have them: all capitals, spelled in a way of their own, small inside.
_CAPITALS = frozenset(
    "2D 3D 4WD A2O AI API BIOS CC CCTV CCV CD CIA CMS COBOL CSS CSV CV DB DIY DNA DVD E3 EIN ESPN "
    "FAQ FBI FORTRAN FPS FTP HTML HTTP ID IP ISO JS JSON LASER M2A M2M M2MM M2O MMORPG NAFTA NASA "
    "NDA O2M PDF PHP POP RAM RNGR ROM RPG RTFM RTS SCUBA SDK SITCOM SKU SMTP SQL SSN SWAT TBS TNA "
    "TTL TV UI URL USB UWP VIP W3C WWE WWF WWW WYSIWYG".split()
)
_SPELLED = {
    word.lower(): word
    for word in (
        "2FA 4K 5K 8K AGI BI ChatGPT CTA DateTime FMS GPT GitHub HD IBMid IDs IMAX LDAP LLM "
        "LinkedIn MCP ML McDonalds MySQL NLG NLP NLU OpenAI PDFs PEFT PIM PostgreSQL SEO TTS UHD "
        "UUID XSS YouTube iMac iOS iPad iPhone iPod macOS pH"
    ).split()
}
_SMALL = frozenset("a an and as at but by for if in nor now of off on or out so the to up".split())
_NEXT_WORD = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z\d])")
"""Where a name in camel case goes on with another word."""


@dataclass(frozen=True, slots=True)
class Operations:
    """The names of a collection's operations: on all of it, and on one item."""

    read: str
    create: str
    update: str
    delete: str
    read_one: str
    update_one: str
    delete_one: str


def tags(schema: Schema) -> dict[str, str]:
    """The tag of each collection, which is the name of its schema, too: `ItemsProduct`, `Users`.

    A name that two collections would have is followed by the second one's own.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for collection in schema.exposed():
        tag = _tag(collection)
        if tag in taken:
            tag = f"{tag}_{collection.name}"
        taken.add(tag)
        found[collection.name] = tag
    return found


def operations(collection: Collection, tag: str) -> Operations:
    """The names of the operations of a collection.

    Those of the system are words of their own, all others are made of the tag.
    """
    if not collection.system:
        return Operations(
            *(f"{verb}{tag}" for verb in ("read", "create", "update", "delete")),
            *(f"{verb}Single{tag}" for verb in ("read", "update", "delete")),
        )
    many, new, one = _words(tag)
    return Operations(
        f"get{many}",
        f"create{new}",
        f"update{new if collection.singleton else many}",
        f"delete{many}",
        f"get{one}",
        f"update{one}",
        f"delete{one}",
    )


def _words(tag: str) -> tuple[str, str, str]:
    """A collection of the system: many of its items, a new one, and one of them."""
    match tag:
        case "Access":
            return "Access", "Access", "AccessById"
        case "Activity":
            return "Activities", "Activity", "Activity"
    one = f"{tag[:-3]}y" if tag.endswith("ies") else tag.removesuffix("s")
    return tag, one, one


def _tag(collection: Collection) -> str:
    if collection.system:
        return _title(collection.name.removeprefix("directus_"))
    return f"Items{_title(collection.name)}"


def _title(name: str) -> str:
    """A name as one word.

    >>> _title("identifier_job"), _title("api_credential"), _title("bill_of_ladingURLs")
    ('IdentifierJob', 'APICredential', 'BillofLadingUrLs')
    """
    apart = _NEXT_WORD.sub("_", name).lower()
    words = [word for word in apart.split("_") if word]
    return "".join(_cased(word, 0 < place < len(words) - 1) for place, word in enumerate(words))


def _cased(word: str, is_inside: bool) -> str:
    if word in _SPELLED:
        return _SPELLED[word]
    if word.upper() in _CAPITALS:
        return word.upper()
    return word if is_inside and word in _SMALL else word[0].upper() + word[1:]
