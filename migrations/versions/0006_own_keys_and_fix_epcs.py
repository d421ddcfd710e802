"""own keys and fix epcs

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import owned_keys, raw_tags

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

# History is the account's whose row it is about; where the row is gone or has none, of who wrote it.
HISTORY = """
DO $$
DECLARE
  owned record;
BEGIN
  FOR owned IN
    SELECT t.relname AS name, k.attname AS key FROM pg_class AS t
    JOIN pg_attribute AS o ON o.attrelid = t.oid AND o.attname = 'account' AND NOT o.attisdropped
    JOIN pg_index AS i ON i.indrelid = t.oid AND i.indisprimary
    JOIN pg_attribute AS k ON k.attrelid = t.oid AND k.attnum = i.indkey[0]
    WHERE t.relkind = 'r' AND t.relnamespace = current_schema()::regnamespace
      AND o.atttypid = 'uuid'::regtype
  LOOP
    EXECUTE format(
      'UPDATE directus_activity AS h SET account = t.account FROM %I AS t '
      'WHERE h.collection = %L AND h.item = t.%I::text', owned.name, owned.name, owned.key);
  END LOOP;
  UPDATE directus_activity AS h SET account = h.item::uuid
  WHERE h.collection = 'account' AND EXISTS (SELECT FROM account WHERE id::text = h.item);
  UPDATE directus_activity AS h SET account = u.account FROM directus_users AS u
  WHERE h.account IS NULL AND u.id = h."user";
  UPDATE directus_revisions AS r SET account = h.account FROM directus_activity AS h
  WHERE h.id = r.activity;
END
$$
"""


# For the version before, which reads EPCs with the length of the account.
ACCOUNTS = """
UPDATE account AS a SET company_prefix_length = c.length
FROM (
  SELECT DISTINCT ON (c.account) c.account, c.company_prefix_length AS length
  FROM unique_code AS c LEFT JOIN product AS p ON p.id = c.product
  WHERE c.type IN ('sgtin', 'grai') AND c.company_prefix_length IS NOT NULL
    AND c.id !~ '^/01/[0-9]00000' AND p.company_prefix_length IS NULL
  GROUP BY c.account, c.company_prefix_length ORDER BY c.account, count(*) DESC, 2
) AS c
WHERE c.account = a.id
"""


def drop_triggers() -> None:
    # They name columns that change; what runs after every migration makes them again.
    for table in ("directus_users", "api_credential"):
        op.execute(f"DROP TRIGGER IF EXISTS tell_of_callers ON {table}")


def upgrade() -> None:
    drop_triggers()
    op.create_table('company_prefix',
    sa.Column('id', sa.UUID(as_uuid=False), server_default=sa.text('gen_random_uuid()'), autoincrement=False, nullable=False),
    sa.Column('user_created', sa.UUID(as_uuid=False), autoincrement=False, nullable=True, comment='User who created the item.'),
    sa.Column('date_created', postgresql.TIMESTAMP(timezone=True), server_default=sa.text('now()'), autoincrement=False, nullable=True, comment='When the item was created.'),
    sa.Column('user_updated', sa.UUID(as_uuid=False), autoincrement=False, nullable=True, comment='User who last updated the item.'),
    sa.Column('date_updated', postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True, comment='When the item was last updated.'),
    sa.Column('account', sa.UUID(as_uuid=False), autoincrement=False, nullable=True, comment='Whose it is; none: shared by all accounts.'),
    sa.Column('digits', sa.String(length=12), autoincrement=False, nullable=False, comment='4 to 12 digits; of a GTIN-8 prefix 3. Its length is the one EPCs are made with.'),
    sa.Column('kind', sa.String(length=16), server_default='ordinary', autoincrement=False, nullable=False, comment='gtin8: a GS1-8 prefix, of GTINs of 8 digits.'),
    sa.Column('note', sa.String(length=255), autoincrement=False, nullable=True, comment='What it is for.'),
    sa.PrimaryKeyConstraint('id', name=op.f('company_prefix_pkey')),
    comment="A GS1 company prefix. GTINs, GRAIs, SSCCs and GLNs under it are its account's. The installation's admin assigns it."
    )
    op.create_table('reserved_path',
    sa.Column('word', sa.String(length=64, collation='C'), autoincrement=False, nullable=False),
    sa.PrimaryKeyConstraint('word', name=op.f('reserved_path_pkey')),
    comment='A word that no domain, short code or company slug can be: see app/access/reserved.py.'
    )
    op.create_index('company_prefix_account_index', 'company_prefix', ['account'], unique=False)
    op.create_index('company_prefix_digits_kind_unique', 'company_prefix', ['digits', 'kind'], unique=True, postgresql_where=None)
    op.alter_column('api_credential', 'token',
               existing_type=sa.VARCHAR(length=128),
               type_=sa.String(length=255),
               existing_comment='At least 20 characters. Stored as a hash: nobody can read it again.',
               existing_nullable=False)
    op.add_column('campaign', sa.Column('blacklist_on_max_scan_count', sa.Boolean(), server_default='false', autoincrement=False, nullable=True, comment='Blacklist a code that more devices scan than max_scan_count.'))
    op.alter_column('campaign', 'max_scan_count',
               existing_type=sa.INTEGER(),
               comment='Devices that may scan a code, each counted once a day; more are flagged.',
               existing_comment='Scans of a code after which it is blacklisted.',
               existing_nullable=True)
    op.add_column('directus_activity', sa.Column('account', sa.UUID(as_uuid=False), autoincrement=False, nullable=True))
    op.create_index('directus_activity_account_index', 'directus_activity', ['account'], unique=False, postgresql_where=None)
    op.add_column('directus_revisions', sa.Column('account', sa.UUID(as_uuid=False), autoincrement=False, nullable=True))
    op.create_index('directus_revisions_account_index', 'directus_revisions', ['account'], unique=False, postgresql_where=None)
    op.alter_column('directus_users', 'token',
               existing_type=sa.VARCHAR(length=64),
               type_=sa.String(length=255),
               existing_nullable=True)
    op.add_column('domain', sa.Column('state', sa.String(length=16), autoincrement=False, nullable=True, comment="pending -> verified. Codes are minted under verified domains only. What the installation's admin makes is verified."))
    op.add_column('domain', sa.Column('verification_code', sa.String(length=64), autoincrement=False, nullable=True, comment='What the TXT record of the domain has to say (DOMAIN_VERIFICATION=dns).'))
    op.add_column('domain', sa.Column('verified_at', postgresql.TIMESTAMP(timezone=True), autoincrement=False, nullable=True))
    op.alter_column('product', 'company_prefix_length',
               existing_type=sa.INTEGER(),
               comment='Digits of the GS1 company prefix in the key, where it lies under none there is.',
               existing_comment="Digits of the GS1 company prefix in the key, when not the account's.",
               existing_nullable=True)
    op.add_column('code_space', sa.Column('company_prefix_length', sa.Integer(), autoincrement=False, nullable=True, comment='Digits of the GS1 company prefix in the keys, fixed when the first are taken.'))
    op.add_column('code_range', sa.Column('account', sa.UUID(as_uuid=False), autoincrement=False, nullable=True, comment='Whose the codes were minted for, also when the job is deleted.'))
    op.add_column('unique_code', sa.Column('company_prefix_length', sa.Integer(), autoincrement=False, nullable=True, comment='Digits of the GS1 company prefix in the key, fixed when the code is made.'))
    op.drop_index('domain_domain_name_unique', table_name='domain')
    op.create_index('domain_domain_name_unique', 'domain', ['domain_name'], unique=True, postgresql_where=sa.text("state = 'verified'"))
    op.create_index('domain_account_domain_name_unique', 'domain', ['account', 'domain_name'], unique=True, postgresql_where=None)
    op.drop_index(op.f('unique_code_extended_id_unique'), table_name='unique_code', postgresql_where='(extended_id IS NOT NULL)')
    op.create_index('unique_code_extended_id_account_unique', 'unique_code', ['extended_id', 'account'], unique=True, postgresql_where=sa.text('extended_id IS NOT NULL'))
    op.execute(
        "UPDATE domain SET state = 'verified', verified_at = now(), "
        "verification_code = replace(gen_random_uuid()::text, '-', '')"
    )
    op.execute("UPDATE campaign SET blacklist_on_max_scan_count = true WHERE max_scan_count IS NOT NULL")
    op.execute(owned_keys.SSCC_RUNS)
    op.execute(owned_keys.PREFIXES)
    raw_tags.convert()
    for statement in owned_keys.STATEMENTS:
        op.execute(statement)
    op.execute(HISTORY)
    op.drop_column('account', 'company_prefix_length')
    op.add_column('download_link', sa.Column('user', sa.UUID(as_uuid=False), autoincrement=False, nullable=True, comment='Whose it is to follow.'))
    op.create_foreign_key('download_link_user_foreign', 'download_link', 'directus_users', ['user'], ['id'], ondelete='CASCADE', use_alter=True)
    op.alter_column('directus_settings', 'auth_login_attempts',
               existing_type=sa.INTEGER(),
               comment='Wrong passwords of an address for an e-mail before it has to wait.',
               existing_comment='Failures that suspend a user.',
               existing_nullable=True,
               existing_server_default=sa.text('25'))
    op.create_foreign_key('company_prefix_user_created_foreign', 'company_prefix', 'directus_users', ['user_created'], ['id'], ondelete='SET NULL', use_alter=True)
    op.create_foreign_key('company_prefix_user_updated_foreign', 'company_prefix', 'directus_users', ['user_updated'], ['id'], ondelete='SET NULL', use_alter=True)
    op.create_foreign_key('company_prefix_account_foreign', 'company_prefix', 'account', ['account'], ['id'], ondelete='RESTRICT', use_alter=True)


def downgrade() -> None:
    drop_triggers()
    op.add_column('account', sa.Column('company_prefix_length', sa.INTEGER(), autoincrement=False, nullable=True, comment='Digits of the GS1 company prefix; EPC encodings need it. A product may differ.'))
    op.execute(ACCOUNTS)
    op.drop_column('download_link', 'user')
    op.drop_index('unique_code_extended_id_account_unique', table_name='unique_code', postgresql_where=sa.text('extended_id IS NOT NULL'))
    op.create_index(op.f('unique_code_extended_id_unique'), 'unique_code', ['extended_id'], unique=True, postgresql_where=sa.text('extended_id IS NOT NULL'))
    op.drop_index('domain_account_domain_name_unique', table_name='domain', postgresql_where=None)
    op.drop_index('domain_domain_name_unique', table_name='domain', postgresql_where=sa.text("state = 'verified'"))
    op.create_index('domain_domain_name_unique', 'domain', ['domain_name'], unique=True)
    op.drop_table('reserved_path')
    op.drop_column('code_range', 'account')
    op.drop_column('unique_code', 'company_prefix_length')
    op.execute("DELETE FROM code_space WHERE length = 0")
    op.drop_column('code_space', 'company_prefix_length')
    op.alter_column('product', 'company_prefix_length',
               existing_type=sa.INTEGER(),
               comment="Digits of the GS1 company prefix in the key, when not the account's.",
               existing_comment='Digits of the GS1 company prefix in the key, where it lies under none there is.',
               existing_nullable=True)
    op.drop_column('domain', 'verified_at')
    op.drop_column('domain', 'verification_code')
    op.drop_column('domain', 'state')
    op.alter_column('directus_users', 'token',
               existing_type=sa.String(length=255),
               type_=sa.VARCHAR(length=64),
               existing_nullable=True)
    op.drop_index('directus_revisions_account_index', table_name='directus_revisions', postgresql_where=None)
    op.drop_column('directus_revisions', 'account')
    op.drop_index('directus_activity_account_index', table_name='directus_activity', postgresql_where=None)
    op.drop_column('directus_activity', 'account')
    op.alter_column('campaign', 'max_scan_count',
               existing_type=sa.INTEGER(),
               comment='Scans of a code after which it is blacklisted.',
               existing_comment='Devices that may scan a code, each counted once a day; more are flagged.',
               existing_nullable=True)
    op.drop_column('campaign', 'blacklist_on_max_scan_count')
    op.alter_column('api_credential', 'token',
               existing_type=sa.String(length=255),
               type_=sa.VARCHAR(length=128),
               existing_comment='At least 20 characters. Stored as a hash: nobody can read it again.',
               existing_nullable=False)
    op.drop_index('company_prefix_digits_kind_unique', table_name='company_prefix', postgresql_where=None)
    op.drop_index('company_prefix_account_index', table_name='company_prefix')
    op.drop_table('company_prefix')
