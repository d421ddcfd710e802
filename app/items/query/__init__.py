"""What is asked: Directus's query language, read into one tree."""
