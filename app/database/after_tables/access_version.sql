-- What processes keep of callers, and when they forget it. Run after every migration; running it
-- again changes nothing.
--
-- The stamp: every change of roles, policies, access and permissions renews it, and processes keep
-- what those say while it is the same (app/access/identity.py).
-- The notice: such a change, and one of users, sessions and credentials that matters to who calls, is
-- told to every process when it is committed (app/access/known.py).
INSERT INTO directus_access_version (id, version) VALUES (1, gen_random_uuid())
ON CONFLICT (id) DO NOTHING;

CREATE OR REPLACE FUNCTION renew_access_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE directus_access_version SET version = gen_random_uuid() WHERE id = 1;
  PERFORM pg_notify('mintage_access', '');
  RETURN NULL;
END
$$;

CREATE OR REPLACE FUNCTION tell_of_callers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('mintage_access', '');
  RETURN NULL;
END
$$;

DO $$
DECLARE
  name text;
  columns text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'directus_roles', 'directus_policies', 'directus_access', 'directus_permissions'
  ] LOOP
    EXECUTE format('DROP TRIGGER IF EXISTS renew_access_version ON %I', name);
    EXECUTE format(
      'CREATE TRIGGER renew_access_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I '
      'FOR EACH STATEMENT EXECUTE FUNCTION renew_access_version()', name);
  END LOOP;
  -- Not every column: a login writes down when it was, which changes nothing.
  SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
  WHERE attrelid = 'directus_users'::regclass AND NOT attisdropped
    AND attname IN ('id', 'status', 'role', 'token', 'account');
  DROP TRIGGER IF EXISTS tell_of_callers ON directus_users;
  EXECUTE format(
    'CREATE TRIGGER tell_of_callers AFTER UPDATE OF %s OR DELETE OR TRUNCATE ON directus_users '
    'FOR EACH STATEMENT EXECUTE FUNCTION tell_of_callers()', columns);
  -- Credentials are there only where Mintage's own collections are. That one is used changes nothing.
  SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
  WHERE attrelid = to_regclass('api_credential') AND NOT attisdropped
    AND attname IN (
      'id', 'token', 'kind', 'user', 'account', 'permissions', 'valid_until', 'revoked_at');
  IF columns IS NOT NULL THEN
    EXECUTE 'DROP TRIGGER IF EXISTS tell_of_callers ON api_credential';
    EXECUTE format(
      'CREATE TRIGGER tell_of_callers AFTER UPDATE OF %s OR DELETE OR TRUNCATE ON api_credential '
      'FOR EACH STATEMENT EXECUTE FUNCTION tell_of_callers()', columns);
  END IF;
END
$$;

CREATE OR REPLACE TRIGGER tell_of_callers AFTER UPDATE OR DELETE OR TRUNCATE ON directus_sessions
FOR EACH STATEMENT EXECUTE FUNCTION tell_of_callers();
