"""Whether a document has the shape of a Directus schema snapshot (directus.md 8.5). Pure data."""

from collections.abc import Mapping
from typing import Any

from schema.registry import BadDefinition

Object = Mapping[str, Any]

_NAMES = {
    "collections": ("collection",),
    "fields": ("collection", "field", "type"),
    "relations": ("collection", "field"),
}
"""What each entry of a part has to name."""
_ACCOUNTABILITY = ("all", "activity", None)


def check_shape(snapshot: Any) -> None:
    """Raises BadDefinition for what a snapshot can't say, and says where it stands."""
    if not isinstance(snapshot, Mapping) or not isinstance(snapshot.get("collections"), list):
        raise BadDefinition(
            'This is not a schema snapshot: it needs "collections", "fields" and "relations".'
        )
    for part, names in _NAMES.items():
        entries = snapshot.get(part) or []
        if not isinstance(entries, list):
            raise BadDefinition(f'This is not a schema snapshot: its "{part}" have to be a list.')
        for place, entry in enumerate(entries):
            _check_entry(f"{part}[{place}]", entry, names)
    for entry in snapshot["collections"]:
        _check_collection(entry)
    known = {entry["collection"] for entry in snapshot["collections"]}
    for entry in snapshot.get("fields") or ():
        _check_field(entry, known)
    for entry in snapshot.get("relations") or ():
        _check_owner(entry, known)


def _check_entry(where: str, entry: Any, names: tuple[str, ...]) -> None:
    missing = "an object"
    if isinstance(entry, Mapping):
        missing = next((f'"{name}"' for name in names if not _is_name(entry.get(name))), "")
    if missing:
        raise BadDefinition(f"This is not a schema snapshot: {where} needs {missing}.")
    for part in ("meta", "schema"):
        _require_object(f"{where}.{part}", entry.get(part))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _require_object(where: str, value: Any) -> None:
    if value is not None and not isinstance(value, Mapping):
        raise BadDefinition(f"{where} has to be an object or null, not {value!r}.")


def _check_collection(entry: Object) -> None:
    name = entry["collection"]
    if name.startswith("directus_"):
        raise BadDefinition(f'Collection "{name}": names of directus_ are the system\'s own.')
    kept = (entry.get("meta") or {}).get("accountability")
    if kept not in _ACCOUNTABILITY:
        raise BadDefinition(
            f'Collection "{name}": accountability has to be "all", "activity" or null, '
            f"not {kept!r}."
        )


def _check_field(entry: Object, known: set[str]) -> None:
    _check_owner(entry, known)
    where = f'Field "{entry["collection"]}.{entry["field"]}"'
    meta = entry.get("meta") or {}
    for name in ("options", "validation"):
        _require_object(f"{where}: {name}", meta.get(name))
    special = meta.get("special")
    if special is not None and not isinstance(special, list):
        raise BadDefinition(f"{where}: special has to be a list or null, not {special!r}.")
    sort = meta.get("sort")
    if sort is not None and not isinstance(sort, int):
        raise BadDefinition(f"{where}: sort has to be a whole number or null, not {sort!r}.")


def _check_owner(entry: Object, known: set[str]) -> None:
    """What belongs to a collection that is not made from the snapshot would be lost silently."""
    owner = entry["collection"]
    where = f'Field "{owner}.{entry["field"]}"'
    if owner.startswith("directus_"):
        raise BadDefinition(
            f"{where}: system collections take no fields of a snapshot: take it out, and keep "
            f"what it holds in a collection of your own with a many-to-one to {owner}."
        )
    if owner not in known:
        raise BadDefinition(f'{where}: "{owner}" is not among the "collections": add it there.')
