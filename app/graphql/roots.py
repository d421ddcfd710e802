"""Root fields: what a schema is put together from."""

from typing import Any

from app.graphql.resolvers import Resolver

Root = tuple[Any, dict[str, Any], Resolver]
"""A root field: its type, its arguments, what answers it."""
