-- 24 random symbols, the first a U: the form of EVRYTHNG ids (systems.md 2.1).
-- gen_random_uuid() is the server's own strong randomness; 50 symbols out of 256 values leave a
-- bias below one part in twenty, which an id (not a secret) can carry.
CREATE OR REPLACE FUNCTION evt_id() RETURNS text LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT 'U' || string_agg(
    substr('abcdefghkmnpqrstwxyABCDEFGHKMNPQRSTUVWXY0123456789',
           1 + get_byte(bytes, n) % 50, 1), '')
  FROM (SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) AS bytes) AS drawn,
       generate_series(0, 22) AS n
$$;
