"""Accounts take turns: none waits until all the work of another is done.

Of each account one message at a time is worked off before the others' (its turn); what else it has
waits in a second queue, for workers that have nothing better to do. So a job comes to its first
chunk as soon as a worker is free, whatever stands in line of others, and a single account's work
has all workers.
"""

from app.database.session import Database
from app.queue import end_turn, nudge, put_off, take_turn
from workers.chunks import advance, owner_of
from workers.kinds import Kind


async def advance_in_turn(database: Database, kind: Kind, key: str) -> None:
    """Do what a message asks for if it is the turn of its job's account, else put it off.

    Raises what `advance` raises, and redis.RedisError: the message is to be repeated then.
    """
    owner = await owner_of(database, kind, key)
    if not await take_turn(owner):
        await put_off(kind.table, key)
        return
    try:
        has_more = await advance(database, kind, key)
    finally:
        await end_turn(owner)
    if has_more:
        # Its other messages stand in the second line, behind those of everybody.
        await nudge(kind.table, key)
