"""Sets of rows in: defaults, rules, validation, relations, history."""
