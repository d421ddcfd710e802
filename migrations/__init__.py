"""Alembic migrations, written from the collection definitions by `make migration`."""
