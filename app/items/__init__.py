"""The one door to data: query tree to one SQL statement; create, update and delete with rules."""
