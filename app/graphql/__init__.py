"""GraphQL: a Strawberry schema generated from the definitions, executed by the compiler."""
