"""The docs keep up with the code: settings, commands and links are all there."""

import re
from pathlib import Path

import pytest
import typer.main
from starlette.routing import Route

from app.cli import cli
from app.settings import GivenSettings
from app.vendors.scantrust import SCANTRUST
from schema import BUILTIN

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
TEXT = "\n".join(page.read_text() for page in PAGES)


def test_the_readme_lists_every_setting_with_its_default_and_meaning() -> None:
    for name, field in GivenSettings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        assert (
            f"| `{(field.validation_alias or name).upper()}` | {default} | {field.description} |"
            in README
        )


def test_every_setting_is_described() -> None:
    assert all(field.description for field in GivenSettings.model_fields.values())


def _commands(group: object, path: str = "mintage") -> list[str]:
    names: list[str] = []
    for name, command in getattr(group, "commands", {}).items():
        if command.hidden:
            continue
        here = f"{path} {name}"
        names += _commands(command, here) if hasattr(command, "commands") else [here]
    return names


@pytest.mark.parametrize("command", _commands(typer.main.get_command(cli)))
def test_every_command_is_documented_and_has_a_help_text(command: str) -> None:
    spelled = re.sub(r"\s+", r"\\s+", re.escape(command).replace(r"\ ", " "))
    assert re.search(spelled, TEXT), f"`{command}` is in no page of the docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_api_page_names_every_collection() -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    for collection in BUILTIN.exposed():
        if not collection.name.startswith("directus_"):
            assert f"`{collection.name}`" in page


def test_the_page_of_a_vendor_names_every_route() -> None:
    page = (ROOT / "docs" / "scantrust.md").read_text()
    for route in SCANTRUST.routes:
        assert isinstance(route, Route)
        prefix = next(one for one in SCANTRUST.site.prefixes if route.path.startswith(one))
        place = re.sub(r":\w+}", "}", route.path.removeprefix(prefix)).rstrip("/")
        place = re.sub(r"/dashboards/", "/dashboard/", place)
        assert f"{place}`" in page or f"{place}/`" in page, place
