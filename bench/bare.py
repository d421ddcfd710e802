"""The named limit of the read path: a bare Starlette route with one prepared psycopg statement.

Serves at / the JSON of the statement in the environment variable BARE_SQL.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SQL = os.environ["BARE_SQL"]


async def answer(request: Request) -> Response:
    async with request.state.pool.connection() as connection:
        cursor = await connection.execute(SQL, prepare=True)
        (text,) = await cursor.fetchone()
    return Response(text, media_type="application/json")


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, object]]:
    options = {"autocommit": True, "options": "-c timezone=UTC"}
    async with AsyncConnectionPool(
        os.environ["DATABASE_URL"], min_size=1, max_size=10, kwargs=options, open=False
    ) as pool:
        yield {"pool": pool}


app = Starlette(routes=[Route("/", answer, methods=["GET", "POST"])], lifespan=lifespan)
