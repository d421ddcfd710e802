"""The statements of scans: primary keys lead from the key to everything that is asked."""

from app.access.key_owners import COVER, OWNED_BY

# What is known of scanned keys.
# A code counts where its account has its key by right, and was issued then: it is there because its
# owner minted it, or brought it in. Whatever else has the key says nothing (DESIGN.md 9). Under a
# prefix that all share, the product a key names says whose it is. Of a raw tag of an account nobody
# can say that it is genuine. A code's product counts only where both are the same account's.
FACTS = f"""
SELECT asked.key, code.id AS code, account.id AS account, code.activation_status,
  code.blacklist_reason, code.scm_data ->> 'intended_market' AS intended_market,
  code.scm_data ->> 'sell_by_date' AS sell_by_date, product.id AS product, product.product_name,
  product.product_redirection_url, account.account_redirection_url, campaign.max_scan_count,
  campaign.blacklist_on_max_scan_count
FROM unnest(%(keys)s::text[], %(products)s::text[]) AS asked(key, product)
LEFT JOIN LATERAL ({COVER.format(key="asked.key")} LIMIT 1) AS cover ON true
LEFT JOIN unique_code AS code ON code.id = asked.key
  AND {OWNED_BY.format(row="code", cover="cover")}
  AND (cover.account IS NOT NULL OR NOT EXISTS (
    SELECT FROM product AS named WHERE named.id = asked.product AND named.account <> code.account))
LEFT JOIN product ON product.id = CASE WHEN code.id IS NULL THEN asked.product ELSE code.product END
  AND CASE WHEN code.id IS NULL THEN {OWNED_BY.format(row="product", cover="cover")}
    ELSE product.account IS NOT DISTINCT FROM code.account END
LEFT JOIN account ON account.id = CASE
  WHEN code.id IS NULL THEN coalesce(product.account, cover.account) ELSE code.account END
LEFT JOIN campaign ON campaign.id = product.campaign
  AND campaign.account IS NOT DISTINCT FROM product.account
"""

IS_DOMAIN = """
SELECT EXISTS (SELECT FROM domain WHERE domain_name = %(domain)s AND state = 'verified')
"""

# Scans of one code are counted one after the other, or two at once would both be the last allowed.
LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended('scan ' || key, 0))
FROM unnest(%(codes)s::text[]) AS key
"""
# The devices of codes, each counted once a day (in UTC), and which of those asked about are among
# them. Of a code only the newest scans are looked at, or one phone that never stops scanning would
# make every scan slow. Scans that name no device are of one.
DEVICES = """
SELECT asked.code, found.devices, found.known
FROM unnest(%(codes)s::text[], %(most)s::bigint[]) AS asked(code, most)
CROSS JOIN LATERAL (
  SELECT count(*) AS devices, array_agg(day || ' ' || device) FILTER (
    WHERE day || ' ' || device = ANY(%(pairs)s::text[])) AS known
  FROM (
    SELECT DISTINCT (s.scanned_at AT TIME ZONE 'UTC')::date AS day,
      coalesce(s.install_id, '') AS device
    FROM (SELECT scanned_at, install_id FROM scan WHERE scan.code = asked.code
      ORDER BY scanned_at DESC LIMIT greatest(2 * asked.most, %(newest)s)) AS s
  ) AS pairs
) AS found
"""
BLACKLIST = """
UPDATE unique_code SET activation_status = 2, blacklist_reason = 10, date_updated = now()
WHERE id = ANY(%(codes)s) AND activation_status <> 2
"""

RECORD = """
INSERT INTO scan (account, code, scanned_key, product, app, result, computed_status, flags, country,
  install_id, device)
VALUES (%(account)s, %(code)s, %(scanned_key)s, %(product)s, %(app)s, %(result)s,
  %(computed_status)s, %(flags)s, %(country)s, %(install_id)s,
  %(device)s)
"""
