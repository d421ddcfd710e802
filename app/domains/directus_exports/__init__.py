"""Exports that become files: asked for by a request, made by a worker (directus.md 10)."""
