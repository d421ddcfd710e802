"""`mintage credential`: tokens for the surfaces of other products (systems.md 6.2, 4.1)."""

import re

from app.access.secrets import token_hash
from tests.commands.test_commands import refused

UAT = ("--kind", "scantrust_uat")


def test_a_token_is_printed_once_and_only_its_hash_is_kept(mintage, rows):
    mintage("user", "create", "erp@example.com", "--admin")
    words = ("--permissions", "codes_view, scans_download", "--name", "ERP")
    until = ("--valid-until", "2100-01-01T00:00:00Z")
    made = mintage("credential", "create", "ERP@example.com", *UAT, *words, *until)
    assert made.returncode == 0, made.stderr
    token = made.stdout.strip()
    assert rows.execute(
        "SELECT c.token, token_hint, kind, name, permissions, valid_until::date::text, email "
        'FROM api_credential AS c JOIN directus_users AS u ON u.id = c."user"'
    ).fetchone() == (
        token_hash(token),
        token[-4:],
        "scantrust_uat",
        "ERP",
        ["codes_view", "scans_download"],
        "2100-01-01",
        "erp@example.com",
    )
    listed = mintage("credential", "list")
    assert listed.returncode == 0, listed.stderr
    assert token not in listed.stdout
    line = listed.stdout.splitlines()[1]
    for shown in ("erp@example.com", f"...{token[-4:]}", "good until 2100", "ERP - codes_view,"):
        assert shown in line


def test_a_revoked_credential_says_so_and_since_when_it_was(mintage, rows):
    mintage("credential", "create", "admin@example.com", *UAT)
    key = re.split(r"\s", mintage("credential", "list").stdout.splitlines()[1])[0]
    revoked = mintage("credential", "revoke", key)
    assert (revoked.returncode, revoked.stdout) == (0, f"Revoked {key}.\n")
    assert "revoked" in mintage("credential", "list").stdout
    moment = "SELECT revoked_at FROM api_credential"
    first = rows.execute(moment).fetchone()
    assert mintage("credential", "revoke", key).returncode == 0
    assert rows.execute(moment).fetchone() == first


def test_what_can_not_be_is_said(mintage):
    admin = ("credential", "create", "admin@example.com")
    said = refused(mintage("credential", "create", "nobody@example.com", *UAT))
    assert "mintage user create" in said
    assert 'no "nonsense"' in refused(mintage(*admin, *UAT, "--permissions", "nonsense"))
    assert 'field "kind"' in refused(mintage(*admin, "--kind", "nonsense"))
    assert "valid_until" in refused(mintage(*admin, *UAT, "--valid-until", "soon"))
    for key in ("nonsense", "00000000-0000-4000-8000-000000000000"):
        assert "mintage credential list" in refused(mintage("credential", "revoke", key))
