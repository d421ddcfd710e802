"""Code spaces: which serials were ever issued, and which come next (DESIGN.md 5)."""
