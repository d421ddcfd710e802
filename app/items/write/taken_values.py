"""What is taken by another account reads as what nobody may use: it is not told that it is there.

Asked only once PostgreSQL has refused a value, so nobody else pays for it.
"""

from app.access.caller import Caller
from app.database.session import Session
from app.errors import RecordNotUnique, Unusable
from app.items.compile.compiler import Compiler
from app.items.policy.read_policy import Restrictor
from app.items.query.operands import as_uuid
from app.items.query.tree import All, Compare, Query, Value
from app.items.write.values import as_key


async def hide_taken_value(
    session: Session, compiler: Compiler, caller: Caller, refused: RecordNotUnique
) -> RecordNotUnique | Unusable:
    """The refusal as the caller may know it: of a row it can't see, that the value can't be used.

    `session`: one where the failed write is rolled back.
    """
    collection, field = refused.extensions["collection"], refused.extensions["field"]
    if caller.account is None or compiler.schema[collection].tenancy is None:
        return refused
    own = Restrictor(compiler.schema, caller).tenancy(collection)
    known = compiler.schema.fields(collection).get(field or "")
    value = refused.extensions["value"]
    if known is not None and not known.concealed and value is not None:
        if known.primary_key:
            value = as_key(known, value)
        elif known.type == "uuid":
            value = as_uuid(value)
        wanted = Compare((known.name,), "_eq", Value(value))
        parts = (wanted,) if own is None else (wanted, own)
        found = compiler.keys(Query(collection, (), filter=All(parts), limit=Value(1)))
        if value is not None and await session.fetch_one(found.sql, found.values) is not None:
            return refused
    return Unusable(field or "id")
