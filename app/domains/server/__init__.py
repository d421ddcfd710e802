"""What the installation says of itself: whether it works, what it is called (directus.md 10)."""
