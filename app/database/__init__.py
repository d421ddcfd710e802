"""PostgreSQL: tables built from the definitions, the two kinds of session, migrations."""
