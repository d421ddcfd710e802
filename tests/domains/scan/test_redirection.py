"""Addresses that scans lead to: which may be stored (systems.md 1.6), and what is filled in."""

import pytest

from app.domains.account.rules import AccountRules
from app.domains.product.rules import ProductRules
from app.domains.scan.judgement import Facts
from app.domains.scan.redirection import target
from app.domains.scan.scanned_key import ScannedKey
from app.errors import ErrorList
from app.items.hooks import Update

GOOD = (
    "https://brand.example",
    "http://brand.example:8080/p?x=1#top",
    "https://brand.example/{gtin}/{serial}?k={key}",
    "https://bücher.example/straße",
    None,
    "",
)
BAD = (
    "javascript:alert(1)",
    "//brand.example/p",
    "/p",
    "brand.example",
    "ftp://brand.example",
    "https://",
    "https://user@brand.example/",
    "https://{serial}.brand.example/",
    "https://brand.example/{nothing}",
    "https://brand.example/{gtin",
    "https://brand.example/{{gtin}}",
    "https://brand.example/a b",
    "https://brand.example/\r\nSet-Cookie: a=b",
    "https:\\\\brand.example",
    "https://[brand.example/",
)


async def stored(session, caller, url) -> None:
    product = {
        "id": "/01/09312345551927",
        "account": caller.account,
        "product_redirection_url": url,
    }
    await ProductRules().before_create(session, caller, [dict(product)])
    patch = {"product_redirection_url": url}
    await ProductRules().before_update(session, caller, [Update(product["id"], product, patch)])
    account = {"account_redirection_url": url}
    await AccountRules().before_create(session, caller, [account])
    await AccountRules().before_update(session, caller, [Update("1", account, account)])


@pytest.mark.parametrize("url", GOOD)
async def test_web_addresses_may_be_stored(session, caller, url):
    await stored(session, caller, url)


@pytest.mark.parametrize("url", BAD)
@pytest.mark.parametrize(
    ("rules", "row"),
    [
        (ProductRules(), {"id": "own"}),
        (AccountRules(), {}),
    ],
)
async def test_others_are_refused(session, caller, rules, row, url):
    field = "product_redirection_url" if row else "account_redirection_url"
    with pytest.raises(ErrorList, match="Expected") as refused:
        await rules.before_create(session, caller, [{**row, field: url}])
    with pytest.raises(ErrorList):
        await rules.before_update(session, caller, [Update("1", {field: None}, {field: url})])
    facts = [(error.code, error.extensions["field"]) for error in refused.value.errors]
    assert facts == [("FAILED_VALIDATION", field)]
    assert target(known(url), ScannedKey("/00/1")) is None


def known(url: str | None, account: str | None = None) -> Facts:
    nothing = dict.fromkeys(Facts.__slots__)
    urls = {"product_redirection_url": url, "account_redirection_url": account}
    return Facts(**{**nothing, **urls})


@pytest.mark.parametrize(
    ("url", "key", "filled"),
    [
        (
            "https://b.example/{gtin}/{serial}?k={key}",
            ScannedKey("/01/09312345551927/21/a/b?", "/01/09312345551927", "a/b?"),
            "https://b.example/09312345551927/a%2Fb%3F?k=%2F01%2F09312345551927%2F21%2Fa%2Fb%3F",
        ),
        ("https://b.example/{gtin}", ScannedKey("go.example/x", serial="x"), "https://b.example/"),
        (
            "https://b.example/?s={serial}",
            ScannedKey("/8003/00614141123452400", "/8003/00614141123452", "400"),
            "https://b.example/?s=400",
        ),
        ("https://b.example/straße", ScannedKey("/00/1"), "https://b.example/stra%C3%9Fe"),
        # A value that looks like a placeholder is none.
        (
            "https://b.example/{serial}",
            ScannedKey("go.example/{key}", serial="{key}"),
            "https://b.example/%7Bkey%7D",
        ),
    ],
)
def test_placeholders_are_filled_and_never_left(url, key, filled):
    assert target(known(url), key) == filled


def test_the_account_is_the_last_resort():
    assert target(known(None, "https://a.example"), ScannedKey("/00/1")) == "https://a.example"
    assert target(known(None, None), ScannedKey("/00/1")) is None
