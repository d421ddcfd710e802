-- A stamp that every change of what callers may do renews: processes keep what they know of
-- policies and permissions while it is the same (app/access/identity.py). Run after every
-- migration; running it again changes nothing.
INSERT INTO directus_access_version (id, version) VALUES (1, gen_random_uuid())
ON CONFLICT (id) DO NOTHING;

CREATE OR REPLACE FUNCTION renew_access_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE directus_access_version SET version = gen_random_uuid() WHERE id = 1;
  RETURN NULL;
END
$$;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'directus_roles', 'directus_policies', 'directus_access', 'directus_permissions'
  ] LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS renew_access_version ON %I', name);
    EXECUTE format(
      'CREATE TRIGGER renew_access_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I '
      'FOR EACH STATEMENT EXECUTE FUNCTION renew_access_version()', name);
  END LOOP;
END
$$;
