"""Searches for codes, as Scantrust's clients ask for them (systems.md 4.2)."""
