"""The commands of `mintage`, one module a subject. `app.cli` puts them together."""
