"""Lines of jobs in Redis, one for each account and kind: they are served in turn.

Of a line the first job is done, then the line goes behind the others. So what waits in one line
makes nobody else wait, nor the account's own jobs of other kinds. An entry is a nudge, like a
message (app/queue.py): losing one costs time.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from app.queue import client

_TURNS = "mintage:turns"
"""The lines (`<account> <kind>`) with somebody in them; whose turn is next at the head."""
_LINE = "mintage:line:"

_STAND = """
for i = 1, #ARGV, 2 do
  if redis.call('RPUSH', KEYS[2] .. ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('RPUSH', KEYS[1], ARGV[i])
  end
end
"""

# The first entry of the first line that may be served. Who may have no more whole jobs is passed
# over with its lines of those kinds.
_NEXT = """
local held, whole = cjson.decode(ARGV[1]), cjson.decode(ARGV[2])
local passed = 0
for _ = 1, redis.call('LLEN', KEYS[1]) do
  local name = redis.call('LPOP', KEYS[1])
  local owner, kind = string.match(name, '^(%S+) (%S+)$')
  if held[owner] and whole[kind] then
    passed = passed + 1
    redis.call('RPUSH', KEYS[1], name)
  else
    local line = KEYS[2] .. name
    local head = redis.call('LPOP', line)
    if redis.call('LLEN', line) > 0 then
      redis.call('RPUSH', KEYS[1], name)
    end
    if head then return {name, head} end
  end
end
return passed
"""


@dataclass(frozen=True, slots=True)
class Next:
    """A job whose turn it is. `owner`: the account in whose line it stood."""

    owner: str
    kind: str
    key: str


def stand(jobs: Iterable[Next]) -> None:
    """Put jobs at the end of their lines. Raises redis.RedisError."""
    entries = [text for job in jobs for text in (f"{job.owner} {job.kind}", job.key)]
    if entries:
        client().eval(_STAND, 2, _TURNS, _LINE, *entries)


def next_in_line(held: Iterable[str], whole: Iterable[str]) -> tuple[Next | None, bool]:
    """The job whose turn it is, taken out of its line; and whether any line was passed over.

    `held`: accounts that may have no job now of the kinds `whole`. Raises redis.RedisError.
    """
    names = [orjson.dumps(dict.fromkeys(names, True)) for names in (held, whole)]
    found = client().eval(_NEXT, 2, _TURNS, _LINE, *names)
    if isinstance(found, int):
        return None, found > 0
    line, key = found
    owner, kind = line.decode().split(" ", 1)
    return Next(owner, kind, key.decode()), False
