-- What of a GS1 key the company prefix is at the beginning of, for app/access/key_owners.py.
--
-- GS1 General Specifications 3: of SSCC, GTIN, GRAI and ITIP the digit before it stands apart (the
-- extension digit, the indicator, the filler zero); GLNs, GDTIs, GIAIs, GSRNs and the others begin
-- with it. Of an SSCC the first digits suffice. Twelve digits are the longest prefix.
CREATE OR REPLACE FUNCTION gs1_key_body(path text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    CASE
        WHEN path LIKE '/0_/%' THEN
            CASE WHEN path COLLATE "C" ~ '^/01/[0-9]{14}(/|$)' THEN substr(path, 6, 12)
                 WHEN path COLLATE "C" ~ '^/00/[0-9]{5,18}$' THEN substr(path, 6, 12) END
        WHEN path COLLATE "C" ~ '^/8003/0[0-9]{13}' THEN substr(path, 8, 12)
        WHEN path COLLATE "C" ~ '^/8006/[0-9]{14}' THEN substr(path, 8, 12)
        WHEN path COLLATE "C" ~ '^/(253|255|40[0-3]|41[0-9])/[0-9]{4}'
            THEN substring(substr(path, 6, 12) FROM '^[0-9]+')
        WHEN path COLLATE "C" ~ '^/80(04|10|13|17|18)/[0-9]{4}'
            THEN substring(substr(path, 7, 12) FROM '^[0-9]+')
    END
);

-- The company prefixes a key may lie under. GTIN-8s are under GS1-8 prefixes of three digits, and
-- stand behind five zeros as GTINs of 14 digits; other prefixes don't begin with these.
CREATE OR REPLACE FUNCTION gs1_ordinary_prefixes(path text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT array_agg(left(body, size)) FROM (SELECT gs1_key_body(path) AS body) AS key,
        generate_series(4, 12) AS size
    WHERE size <= length(body) AND body NOT LIKE '00000%'
);

CREATE OR REPLACE FUNCTION gs1_gtin8_prefix(path text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (CASE WHEN path COLLATE "C" ~ '^/01/[0-9]00000[0-9]{8}(/|$)' THEN substr(path, 11, 3) END);
