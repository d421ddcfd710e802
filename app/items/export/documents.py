"""Items as XML and YAML, as Directus's exports write them (directus.md 2.10)."""

import re
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

import yaml

_STEP = "    "
_NOT_IN_NAMES = re.compile(r"[^\w.-]")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def xml_item(row: dict[str, Any]) -> str:
    """A row as a `data` element inside the root, with its line end."""
    return "".join(_element("data", row, 1))


def _element(name: str, value: Any, depth: int) -> list[str]:
    indent, name = _STEP * depth, _tag(name)
    if isinstance(value, list):
        return [line for item in value for line in _element(name, item, depth)]
    if isinstance(value, dict):
        if not value:
            return [f"{indent}<{name}/>\n"]
        inner = [line for key, item in value.items() for line in _element(key, item, depth + 1)]
        return [f"{indent}<{name}>\n", *inner, f"{indent}</{name}>\n"]
    return [f"{indent}<{name}>{_text(value)}</{name}>\n"]


def _tag(name: str) -> str:
    """A name XML allows."""
    plain = _NOT_IN_NAMES.sub("_", name) or "_"
    return plain if plain[0].isalpha() or plain[0] == "_" else f"_{plain}"


def _text(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(_NOT_IN_XML.sub("\ufffd", str(value)))


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Lists inside objects are indented, and nothing is an alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:  # noqa: ARG002
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


class _FastDumper(yaml.CSafeDumper):  # type: ignore[misc]
    """libyaml's own: five times as fast, the same text for what is `_is_plain`."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _represent_decimal(dumper: Any, number: Decimal) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:float", str(number))


for _one in (_Dumper, _FastDumper):
    _one.add_representer(Decimal, _represent_decimal)

_RARE = "\U00010000"


def _is_plain(value: Any) -> bool:
    """Whether there is nothing in it that both write in their own ways: lists, line breaks, ..."""
    if isinstance(value, str):
        return value.isprintable() and (value.isascii() or max(value) < _RARE)
    if isinstance(value, dict):
        return all(key and _is_plain(key) and _is_plain(item) for key, item in value.items())
    return not isinstance(value, list)


def yaml_item(row: dict[str, Any]) -> str:
    """A row as an item of a YAML list."""
    text: str = yaml.dump(
        [row],
        Dumper=_FastDumper if _is_plain(row) else _Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=80,
    )
    return text
