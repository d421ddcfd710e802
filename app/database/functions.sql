-- The computed fields of a code, as app/codes computes them: its web address, EPC URI and EPC bits.
--
-- `path` is the name of a code: /01/<gtin14>/21/<serial>, /00/<sscc>, /8003/<grai> or
-- <domain>/<short code>, its serial not escaped. A value that a path does not have is NULL.
-- tests/codes/test_sql_functions.py holds these to the Python functions.

-- RFC 3986 2.1: everything but A-Z a-z 0-9 - . _ ~ becomes its UTF-8 bytes, %XX each. Hardly any
-- serial needs it, so the test stands apart from the work: PostgreSQL inlines a function that is one
-- expression.
CREATE OR REPLACE FUNCTION gs1_percent_encode_symbols(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT string_agg(
        CASE WHEN symbol COLLATE "C" ~ '^[A-Za-z0-9._~-]$' THEN symbol
        ELSE regexp_replace(
            upper(encode(convert_to(symbol, 'UTF8'), 'hex')), '(..)', '%\1', 'g'
        ) END,
        '' ORDER BY place
    )
    FROM unnest(string_to_array(value, NULL)) WITH ORDINALITY AS symbols (symbol, place)
);

CREATE OR REPLACE FUNCTION gs1_percent_encode(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    CASE WHEN value COLLATE "C" ~ '[^A-Za-z0-9._~-]'
        THEN gs1_percent_encode_symbols(value) ELSE value END
);

-- GS1 Digital Link at `host`; a short code has a domain of its own and heeds no host.
CREATE OR REPLACE FUNCTION gs1_digital_link(path text, host text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    CASE
        WHEN path LIKE '/01/%'
            THEN 'https://' || host || left(path, 22) || gs1_percent_encode(substr(path, 23))
        WHEN path LIKE '/8003/%'
            THEN 'https://' || host || left(path, 20) || gs1_percent_encode(substr(path, 21))
        WHEN path LIKE '/00/%'
            THEN 'https://' || host || path
        WHEN path LIKE '_%/_%' AND path NOT LIKE '/%'
            THEN 'https://' || split_part(path, '/', 1) || '/'
                || gs1_percent_encode(substr(path, strpos(path, '/') + 1))
    END
);

-- GS1 EPC Tag Data Standard 6.3.1: EPC URIs escape only these, the percent sign first.
CREATE OR REPLACE FUNCTION gs1_epc_escape(serial text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    CASE WHEN serial COLLATE "C" ~ '["%&/<>?]' THEN
        replace(replace(replace(replace(replace(replace(replace(serial,
            '%', '%25'), '"', '%22'), '&', '%26'), '/', '%2F'), '<', '%3C'), '>', '%3E'), '?', '%3F')
    ELSE serial END
);

-- Whether digits, from the company prefix on, are of a key that no EPC may be made of. GS1 EPC Tag Data
-- Standard 2.3, 7.3.3 to 7.3.8; the list is that of app/codes/company_prefix.py.
CREATE OR REPLACE FUNCTION gs1_is_restricted(digits text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN digits COLLATE "C" ~ '^(00000[02]|000[1-7]|0[24]|2|977|98[0-4]|99)';

-- Whether a key of 14 or 18 digits has the right check digit (GS1 General Specifications 7.9.1) and a
-- company prefix that may be in an EPC.
CREATE OR REPLACE FUNCTION gs1_is_sound(digits text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    n CONSTANT bigint := digits::bigint;
BEGIN
    RETURN (
        n % 10 + n / 100 % 10 + n / 10000 % 10 + n / 1000000 % 10 + n / 100000000 % 10
        + n / 10000000000 % 10 + n / 1000000000000 % 10 + n / 100000000000000 % 10
        + n / 10000000000000000 % 10
        + 3 * (n / 10 % 10 + n / 1000 % 10 + n / 100000 % 10 + n / 10000000 % 10
            + n / 1000000000 % 10 + n / 100000000000 % 10 + n / 10000000000000 % 10
            + n / 1000000000000000 % 10 + n / 100000000000000000 % 10)
    ) % 10 = 0 AND NOT gs1_is_restricted(substr(digits, 2));
END
$$;

-- The digits of a GS1 key, check digit and all: 14 of AI 01 and 8003, 18 of AI 00.
CREATE OR REPLACE FUNCTION gs1_key_digits(path text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    CASE
        WHEN path NOT LIKE '/%' THEN NULL
        WHEN path COLLATE "C" ~ '^/01/[0-9]{14}(/|$)' THEN substr(path, 5, 14)
        WHEN path COLLATE "C" ~ '^/00/[0-9]{18}$' THEN substr(path, 5, 18)
        WHEN path COLLATE "C" ~ '^/8003/[0-9]{14}' THEN substr(path, 7, 14)
    END
);

-- GS1 EPC Tag Data Standard 2.3, 7.3.2: the company prefix of a GTIN-8, and of a GTIN-14 that groups
-- one, is five zeros and its first three digits, whatever length is known.
CREATE OR REPLACE FUNCTION gs1_epc_prefix_length(path text, prefix_length integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN path COLLATE "C" LIKE '/01/_00000%' THEN 8 ELSE prefix_length END;

-- The three kinds of path that have an EPC. GS1 AI encodable character set 82 is [!-"%-?A-Z_a-z].
-- Lengths are judged apart: counting inside of a regular expression takes four times as long.
CREATE OR REPLACE FUNCTION gs1_epc_scheme(path text, prefix_length integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    scheme CONSTANT text := CASE
        WHEN path LIKE '/01/______________/21/_%' AND length(path) <= 42 THEN 'sgtin'
        WHEN path LIKE '/00/__________________' THEN 'sscc'
        WHEN path LIKE '/8003/0______________%' AND length(path) <= 36 THEN 'grai'
    END;
    digits CONSTANT text := CASE scheme
        WHEN 'sgtin' THEN substr(path, 5, 14)
        WHEN 'sscc' THEN substr(path, 5, 18)
        WHEN 'grai' THEN substr(path, 7, 14)
    END;
BEGIN
    IF digits IS NULL OR prefix_length NOT BETWEEN 6 AND 12
        OR digits COLLATE "C" ~ '[^0-9]' OR path COLLATE "C" ~ '[^!-"%-?A-Z_a-z]'
        OR NOT gs1_is_sound(digits)
    THEN
        RETURN NULL;
    END IF;
    RETURN scheme;
END
$$;

-- GS1 EPC Tag Data Standard 6.3: company prefix, then the digit that stood before it and the rest
-- without the check digit, then the serial.
CREATE OR REPLACE FUNCTION gs1_epc_uri_of(path text, prefix_length integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
    CASE gs1_epc_scheme(path, prefix_length)
        WHEN 'sgtin' THEN
            'urn:epc:id:sgtin:' || substr(path, 6, prefix_length) || '.' || substr(path, 5, 1)
            || substr(path, 6 + prefix_length, 12 - prefix_length)
            || '.' || gs1_epc_escape(substr(path, 23))
        WHEN 'sscc' THEN
            'urn:epc:id:sscc:' || substr(path, 6, prefix_length) || '.' || substr(path, 5, 1)
            || substr(path, 6 + prefix_length, 16 - prefix_length)
        WHEN 'grai' THEN
            'urn:epc:id:grai:' || substr(path, 8, prefix_length)
            || '.' || substr(path, 8 + prefix_length, 12 - prefix_length)
            || '.' || gs1_epc_escape(substr(path, 21))
    END
);

CREATE OR REPLACE FUNCTION gs1_epc_uri(path text, prefix_length integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN gs1_epc_uri_of(path, gs1_epc_prefix_length(path, prefix_length));

-- The bits of an SGTIN or GRAI, whose first 58 are `head` but for the header: the 96-bit scheme
-- when the serial is a number below 2^38 without leading zeros, else the one that holds text.
CREATE OR REPLACE FUNCTION gs1_epc_serial_hex(
    head bigint, narrow_header bigint, wide_header bigint, wide_digits integer, serial text
) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    bits bit varying;
    number bigint;
BEGIN
    IF serial COLLATE "C" ~ '^(0|[1-9][0-9]{0,11})$' THEN
        number := serial::bigint;
        IF number < 274877906944 THEN
            RETURN upper(
                lpad(to_hex((((narrow_header << 50) | head) << 6) | (number >> 32)), 16, '0')
                || lpad(to_hex(number & 4294967295), 8, '0')
            );
        END IF;
    END IF;
    bits := ((wide_header << 50) | head)::bit(58);
    FOR place IN 1..length(serial) LOOP
        bits := bits || ascii(substr(serial, place, 1))::bit(7);
    END LOOP;
    -- The cast fills up with zeros on the right; four quarters of it fit a bigint each.
    bits := bits::bit(208);
    RETURN upper(left(
        lpad(to_hex(substring(bits FROM 1 FOR 52)::bigint), 13, '0')
        || lpad(to_hex(substring(bits FROM 53 FOR 52)::bigint), 13, '0')
        || lpad(to_hex(substring(bits FROM 105 FOR 52)::bigint), 13, '0')
        || lpad(to_hex(substring(bits FROM 157 FOR 52)::bigint), 13, '0'),
        wide_digits
    ));
END
$$;

-- GS1 EPC Tag Data Standard 14: SGTIN-96 or -198, SSCC-96, GRAI-96 or -170; 20 to 40 bits of
-- company prefix (tables 14-2, 14-5, 14-10), the reference in what remains of 44, or 58 for SSCC.
CREATE OR REPLACE FUNCTION gs1_epc_hex_of(
    path text, prefix_length integer, filter_value integer
) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    scheme CONSTANT text := gs1_epc_scheme(path, prefix_length);
    prefix_bits CONSTANT integer := (ARRAY[20, 24, 27, 30, 34, 37, 40])[prefix_length - 5];
    filter_and_partition CONSTANT bigint := (filter_value << 3) | (12 - prefix_length);
    key bigint;
BEGIN
    IF scheme IS NULL OR filter_value NOT BETWEEN 0 AND 7 THEN
        RETURN NULL;
    END IF;
    IF scheme = 'sscc' THEN
        key := (substr(path, 6, prefix_length)::bigint << (58 - prefix_bits))
            | (substr(path, 5, 1) || substr(path, 6 + prefix_length, 16 - prefix_length))::bigint;
        RETURN upper(
            to_hex((49::bigint << 56) | (filter_and_partition << 50) | (key >> 8))
            || lpad(to_hex((key & 255) << 24), 8, '0')
        );
    END IF;
    IF scheme = 'sgtin' THEN
        key := (substr(path, 6, prefix_length)::bigint << (44 - prefix_bits))
            | (substr(path, 5, 1) || substr(path, 6 + prefix_length, 12 - prefix_length))::bigint;
        RETURN gs1_epc_serial_hex(
            (filter_and_partition << 44) | key, 48, 54, 52, substr(path, 23)
        );
    END IF;
    -- Behind a company prefix of 12 digits the asset type is empty: the zero spells it as a number.
    key := (substr(path, 8, prefix_length)::bigint << (44 - prefix_bits))
        | ('0' || substr(path, 8 + prefix_length, 12 - prefix_length))::bigint;
    RETURN gs1_epc_serial_hex((filter_and_partition << 44) | key, 51, 55, 44, substr(path, 21));
END
$$;

CREATE OR REPLACE FUNCTION gs1_epc_hex(
    path text, prefix_length integer, filter_value integer
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN gs1_epc_hex_of(path, gs1_epc_prefix_length(path, prefix_length), filter_value);

-- What a code is told apart by where nothing was given: its EPC in hex with filter 0 ("all others"),
-- else the path. NULL for a GS1 key whose check digit is wrong or whose company prefix may not be in
-- an EPC: what is no key is no name either.
CREATE OR REPLACE FUNCTION gs1_extended_id(path text, prefix_length integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(
    gs1_epc_hex(path, prefix_length, 0),
    CASE WHEN gs1_is_sound(gs1_key_digits(path)) IS NOT FALSE THEN path END
);
