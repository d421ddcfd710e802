"""Permissions are judged on the rows as they are once they are locked, and lock no others."""

import pytest

from app.errors import AppError, ErrorList, Forbidden
from tests.held import is_free, waiting
from tests.items.conftest import ANTS
from tests.items.policy.test_permissions import BEES, IN, as_user, may

__all__ = ["as_user"]

MAY = [may("book", action, rule=IN) for action in ("read", "update", "delete")]
MAY += [may("book", "create"), may("shelf", "read"), may("shelf", "update")]
OUT = "UPDATE book SET status = 'out' WHERE id = %s"
PAGES = "UPDATE book SET pages = 11 WHERE id = %s"
SWAPPED = """
UPDATE book SET shelf = 's1', status = CASE title WHEN 'Ants' THEN 'out' ELSE 'in' END
"""
WAYS = {
    "update": lambda door, *keys: door.update("book", *((key, {"pages": 9}) for key in keys)),
    "delete": lambda door, *keys: door.delete("book", *keys),
    "upsert": lambda door, *keys: door.items.upsert(
        "book", [{"id": key, "pages": 9} for key in keys]
    ),
    "a to-many": lambda door, *keys: door.update(
        "shelf", ("s3", {"books": [{"id": key, "pages": 9} for key in keys]})
    ),
    "changes of a to-many": lambda door, *keys: door.update(
        "shelf", ("s3", {"books": {"update": [{"id": key, "pages": 9} for key in keys]}})
    ),
    "a many-to-one": lambda door, *keys: door.create(
        "book", *({"title": f"of {key}", "sequel": {"id": key, "pages": 9}} for key in keys)
    ),
}
ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def books(rows):
    found = rows.execute("SELECT title, pages, status, shelf FROM book ORDER BY title")
    return found.fetchall()


@ways
async def test_what_a_row_has_become_meanwhile_decides(as_user, rows, way):
    before = books(rows)
    async with waiting(rows, OUT, [ANTS], way(as_user(*MAY), ANTS)) as asked:
        pass
    with pytest.raises(Forbidden):
        await asked
    assert books(rows) == [("Ants", 10, "out", "s1"), *before[1:]]


@ways
async def test_a_row_that_is_gone_meanwhile_is_a_missing_row(as_user, rows, way):
    before = books(rows)
    change = "DELETE FROM book WHERE id = %s"
    async with waiting(rows, change, [ANTS], way(as_user(*MAY), ANTS)) as asked:
        pass
    with pytest.raises((AppError, ErrorList)):  # where it could be made anew, it lacks a title
        await asked
    assert books(rows) == before[1:]


async def test_each_row_allows_its_fields_and_presets_as_it_has_become(as_user, rows):
    door = as_user(
        may("book", "read"),
        may("book", "update", "title pages", rule=IN, presets={"summary": "was in"}),
        may("book", "update", "title", rule={"status": {"_eq": "out"}}, presets={"copies": 7}),
    )
    title = door.update("book", (ANTS, {"title": "x"}), fields="title summary copies")
    async with waiting(rows, OUT, [ANTS], title) as asked:
        pass
    assert await asked == [{"title": "x", "summary": None, "copies": 7}]
    rows.execute("UPDATE book SET status = 'in'")
    async with waiting(rows, OUT, [ANTS], door.update("book", (ANTS, {"pages": 9}))) as asked:
        pass
    with pytest.raises(Forbidden):
        await asked


@ways
async def test_rows_that_may_not_be_changed_are_not_held(as_user, rows, way):
    """The first, which is out, is asked for with one that is in and that another writer holds."""
    rows.execute(SWAPPED)
    async with waiting(rows, PAGES, [BEES], way(as_user(*MAY), ANTS, BEES)) as asked:
        assert is_free(rows, "book", ANTS)
    with pytest.raises(Forbidden):
        await asked


async def test_who_may_change_nothing_of_them_holds_no_rows_it_refers_to(as_user, rows):
    door = as_user(may("book", "create"), may("book", "read"), may("shelf", "update"))
    shelf = {"shelf": {"id": "s1"}, "sequel": {"id": ANTS}}
    change = "UPDATE shelf SET label = 'held' WHERE id = 's2'"
    both = door.create(
        "book", {"title": "x", **shelf}, {"title": "y", "shelf": {"id": "s2", "label": "y"}}
    )
    async with waiting(rows, change, None, both) as asked:
        assert is_free(rows, "book", ANTS)
    assert len(await asked) == 2


async def test_what_another_writer_gave_to_another_parent_stays_there(library, rows):
    rows.execute("UPDATE book SET shelf = 's1'")
    change = "UPDATE book SET shelf = 's2' WHERE id = %s"
    emptied = library.update("shelf", ("s1", {"books": []}))
    async with waiting(rows, change, [BEES], emptied) as asked:
        pass
    await asked
    assert rows.execute("SELECT shelf FROM book ORDER BY title").fetchall() == [
        (None,),
        (None,),
        ("s2",),
    ]


async def test_children_that_may_not_be_changed_are_not_held(as_user, rows):
    rows.execute(SWAPPED)
    emptied = as_user(*MAY).update("shelf", ("s1", {"books": []}))
    async with waiting(rows, PAGES, [BEES], emptied) as asked:
        assert is_free(rows, "book", ANTS)
    with pytest.raises(Forbidden):
        await asked


async def test_an_admin_asks_once_for_a_lock_and_never_for_a_right(library, statements):
    await library.items.update("book", [(ANTS, {"pages": 9})], None)
    await library.items.delete("book", [ANTS])
    asked = [text for text in statements if text.startswith("SELECT")]
    assert [text.endswith("FOR UPDATE") for text in asked].count(True) == 2
    assert len(asked) == 4, asked
