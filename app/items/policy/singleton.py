"""Singletons: which row is the one item, should a table have more (directus.md 1.3)."""

from app.access.caller import Caller
from app.items.cache.prepared import Statement
from app.items.compile.compiler import Compiler
from app.items.policy.read_policy import Restrictor
from app.items.query.tree import Query, Sort, Value
from schema import Collection


def key_of_singleton(compiler: Compiler, caller: Caller, collection: Collection) -> Statement:
    """A statement that yields the key of the one item: the first, of the caller's account."""
    tenancy = Restrictor(compiler.schema, caller).tenancy(collection.name)
    first = (Sort((collection.primary_key.name,)),)
    return compiler.keys(Query(collection.name, (), filter=tenancy, sort=first, limit=Value(1)))
