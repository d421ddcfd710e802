"""Documents: searches for codes that become files, and links to these (systems.md 4.2 to 4.4)."""
