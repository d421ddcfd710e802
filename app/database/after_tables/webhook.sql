-- Processes keep for a moment what anybody listens to (app/domains/webhook/wanted.py): that it has
-- changed they are told when it is committed. Run after every migration; running it again changes
-- nothing.
CREATE OR REPLACE FUNCTION tell_of_webhooks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('mintage_webhook', '');
  RETURN NULL;
END
$$;

DO $$
BEGIN
  -- Where Mintage's own collections are not, another one may have the name.
  IF 4 = (
    SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass('webhook') AND NOT attisdropped
      AND attname IN ('account', 'status', 'events', 'collections')
  ) THEN
    -- Not every column: how often an address has failed changes nothing.
    CREATE OR REPLACE TRIGGER tell_of_webhooks
    AFTER INSERT OR UPDATE OF account, status, events, collections OR DELETE OR TRUNCATE ON webhook
    FOR EACH STATEMENT EXECUTE FUNCTION tell_of_webhooks();
  END IF;
END
$$;
