"""What is kept, and how much of it."""

from app.items.cache.bounded import BoundedCache


def test_the_oldest_goes_when_there_are_too_many():
    kept = BoundedCache(2, 100)
    for key in "abc":
        kept.put(key, key.upper(), 1)
    assert list(kept) == ["b", "c"]
    assert kept.get("a") is None
    assert kept.get("c") == "C"


def test_the_oldest_go_when_all_are_too_large_together():
    kept = BoundedCache(10, 100)
    for key, size in (("a", 40), ("b", 40), ("c", 20)):
        kept.put(key, key, size)
    assert list(kept) == ["a", "b", "c"]
    kept.put("d", "d", 70)
    assert list(kept) == ["c", "d"]


def test_a_thing_takes_its_own_place():
    kept = BoundedCache(10, 100)
    for size in (60, 70, 80):
        kept.put("a", size, size)
    kept.put("b", "b", 20)
    assert [kept.get(key) for key in kept] == [80, "b"]


def test_what_is_larger_than_all_may_be_takes_nobodys_place():
    kept = BoundedCache(10, 100)
    kept.put("a", "a", 100)
    kept.put("b", "b", 101)
    assert list(kept) == ["a"]
