"""Pure functions of codes: GS1 keys, EPC encodings, alphabets, FF1, code spaces."""
