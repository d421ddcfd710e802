"""Every environment variable Mintage reads, typed, with its default and meaning."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_URLS = {
    "database_url": ("postgresql://user:password@host:port/name", r"postgres(ql)?://[^/]*/."),
    "redis_url": ("redis://:password@host:port/0", r"rediss?://.|unix://."),
    "s3_url": ("http(s)://ACCESS_KEY:SECRET_KEY@host:port/bucket", r"https?://[^/]+/."),
}
"""The form of each URL: for people, and as a pattern."""
_ORIGIN = r"[a-z][a-z0-9+.-]*://[^/?#@\s]+/?"
_PATTERN = "regex:"


class Settings(BaseSettings):
    """Settings of one installation, from the environment (and `.env` if there is one).

    Where its services are say `GivenSettings` and `InstallationSettings`.
    """

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8055, ge=1, le=65535, description="Port the web server listens on.")
    data_dir: Path = Field(
        Path("var"), description="Folder of the embedded services' data, the secret and locks."
    )
    s3_public_url: str | None = Field(
        None,
        pattern="^https?://[^/?#@]+/?$",
        description="Address clients reach the S3 server at, for links to files. Not set: nobody "
        "but Mintage does, and it gives the files out itself.",
    )
    schema_: str = Field(
        "builtin",
        validation_alias="SCHEMA",
        description="What is served: builtin and/or paths of Directus schema snapshots (YAML or "
        "JSON), separated by commas.",
    )
    admin_email: str = Field("admin@example.com", description="E-mail of the first admin.")
    admin_password: str | None = Field(
        None, min_length=8, description="Password of the first admin. Not set: no password login."
    )
    admin_token: str | None = Field(
        None,
        min_length=8,
        max_length=255,
        description="Static token of the first admin. Not set: made and printed at first start.",
    )
    seed_demo: bool = Field(
        True,
        description="Put the demo account, domain and products into a new, empty installation.",
    )
    max_job_quantity: int = Field(
        1_000_000, ge=1, description="Most codes one identifier job may ask for."
    )
    max_keyspace_fill: float = Field(
        0.5, gt=0, le=1, description="Share of a code space that may ever be issued."
    )
    use_gs1_identifiers: bool = Field(
        True, description="Check the check digits of GTINs in product keys."
    )
    chunk_size: int = Field(250_000, ge=1, description="Codes minted in one transaction.")
    worker_threads: int = Field(2, ge=1, le=64, description="Chunks one worker runs at a time.")
    workers: int = Field(1, ge=0, le=64, description="Worker processes that `mintage run` starts.")
    web_workers: int = Field(1, ge=1, le=64, description="Web processes that `mintage run` starts.")
    sweep_seconds: float = Field(
        5.0, gt=0, description="How often a worker looks for work whose message was lost."
    )
    document_lifetime_hours: float = Field(
        48.0, gt=0, description="Hours the file of a document is kept, from its completion."
    )
    download_link_seconds: float = Field(
        600.0, gt=0, description="Seconds a link to a document's file can be used, once."
    )
    purge_seconds: float = Field(
        60.0, gt=0, description="How often a worker removes the files of expired documents."
    )
    pool_seconds: float = Field(
        10.0, gt=0, description="How often a worker looks whether a code pool has run low."
    )
    query_limit_default: int = Field(100, ge=1, description="Rows of a list without `limit`.")
    query_limit_max: int | None = Field(
        None, ge=1, description="Most rows of a list, also without a limit. Not set: no bound."
    )
    max_batch_mutation: int | None = Field(
        10_000,
        ge=1,
        description="Most items the body of one request may name or hold, nested ones included. "
        "Imports and writes by query have no such bound.",
    )
    answer_max_bytes: int = Field(
        32 * 1024 * 1024,
        ge=1024 * 1024,
        description="Largest answer that is not a download (`?export=`), bytes of JSON.",
    )
    max_relational_depth: int = Field(10, ge=2, description="Deepest path in fields and filters.")
    max_repeated_rows: int = Field(
        5_000_000, ge=1, description="Rows that the relations of one read may show more than once."
    )
    graphql_token_limit: int = Field(5000, ge=100, description="Longest GraphQL document, tokens.")
    graphql_alias_limit: int = Field(300, ge=1, description="Most aliases in one GraphQL document.")
    statement_timeout: float = Field(
        60.0, ge=0, description="Seconds a request's statement may take; exports are free. 0: any."
    )
    lock_timeout: float = Field(
        5.0, gt=0, description="Seconds a request waits for rows that another changes; then 503."
    )
    account_statements: int = Field(
        3, ge=1, description="Statements one account has under way at a time, in a web process."
    )
    account_exports: int = Field(
        2, ge=1, le=5, description="Exports one account has under way at a time, in a web process."
    )
    account_patience: float = Field(
        5.0, ge=0, description="Seconds a request above these waits, before it is answered 429."
    )
    export_stall_seconds: float = Field(
        30.0,
        gt=0,
        description="Seconds after which an answer or a download that nobody reads is ended.",
    )
    request_stall_seconds: float = Field(
        30.0,
        gt=0,
        description="Seconds a client has to send the headers of a request, and then each 64 kB "
        "or the rest of its body.",
    )
    max_connections: int = Field(
        1000,
        ge=1,
        description="Connections of one address at a time, in a web process; with TRUST_PROXY any.",
    )
    max_payload_size: int = Field(
        16 * 1024 * 1024, ge=1024, description="Largest request body, bytes."
    )
    files_max_upload_size: int | None = Field(
        None, ge=1, description="Largest upload of files or imports, bytes. Not set: no bound."
    )
    assets_transform_image_max_dimension: int = Field(
        6000, ge=1, le=10_000, description="Longest side of a picture that is transformed, pixels."
    )
    assets_transform_timeout: float = Field(
        7.5,
        gt=0,
        description="Seconds of a processor that a picture may take to be transformed; then 503.",
    )
    max_import_errors: int = Field(
        1000, ge=1, description="Wrong rows an import looks at before it gives up."
    )
    access_token_ttl: float = Field(
        900.0, gt=0, description="Seconds an access token is good for after a login or refresh."
    )
    refresh_token_ttl: float = Field(
        604_800.0, gt=0, description="Seconds a login can be refreshed without a new one."
    )
    session_cookie_ttl: float = Field(
        86_400.0, gt=0, description="Seconds a session cookie is good for."
    )
    session_refresh_grace_period: float = Field(
        10.0, ge=0, description="Seconds a session's old cookie still works after a refresh."
    )
    login_stall_time: float = Field(
        0.5, ge=0, description="Seconds every login takes at least, good or bad."
    )
    password_reset_url_allow_list: str = Field(
        "", description="Addresses a password reset may lead to, separated by commas."
    )
    cookie_secure: bool = Field(False, description="Send cookies over HTTPS only.")
    cookie_domain: str | None = Field(None, description="Domain of cookies. Not set: the host.")
    trust_proxy: bool = Field(
        False,
        description="Take the caller's address from X-Forwarded-For, and the scheme of links from "
        "X-Forwarded-Proto (behind a proxy only).",
    )
    public_url: str | None = Field(
        None,
        pattern="^https?://[^?#]+$",
        description="Address clients reach the server at, for links in answers. Not set: the "
        "request's host.",
    )
    own_hosts: str = Field(
        "",
        description="Further host names of this installation, separated by commas: no domain of "
        "codes can be one. PUBLIC_URL's is one anyway.",
    )
    domain_verification: Literal["admin", "dns"] = Field(
        "admin",
        description="Who verifies domains: the installation's admin, or also a TXT record "
        "(_mintage.<domain>) that says the domain's verification_code.",
    )
    dns_server: str | None = Field(
        None, description="host:port of the DNS server to ask. Not set: the machine's."
    )
    outside_hosts: str = Field(
        "",
        description="Hosts outside that may be called by http and at addresses of no public "
        "network, separated by commas: name, name:port or address, as URLs of webhooks name them.",
    )
    webhook_timeout: float = Field(
        10.0, gt=0, le=120, description="Seconds the address of a webhook has to answer."
    )
    webhook_max_attempts: int = Field(
        10, ge=1, le=50, description="Attempts until a delivery of a webhook has failed."
    )
    webhook_max_failures: int = Field(
        100,
        ge=1,
        description="Failures in a row, over an hour or more, until a webhook becomes inactive.",
    )
    webhook_delivery_days: int = Field(
        14, ge=1, le=3650, description="Days the deliveries of webhooks are kept."
    )
    allow_static_on_compat: bool = Field(
        True, description="Take Directus tokens on the surfaces of other products, too."
    )
    rate_limiter_enabled: bool = Field(
        True, description="Limit the requests of one address: answer 429 above it."
    )
    rate_limiter_points: int = Field(2000, ge=1, description="Requests of one address ...")
    rate_limiter_duration: float = Field(10.0, gt=0, description="... in so many seconds.")
    rate_limiter_auth_points: int = Field(
        120, ge=1, description="Logins, refreshes and other calls of /auth of one address ..."
    )
    rate_limiter_auth_duration: float = Field(60.0, gt=0, description="... in so many seconds.")
    rate_limiter_global_enabled: bool = Field(
        False, description="Limit the requests of all callers together."
    )
    rate_limiter_global_points: int = Field(1000, ge=1, description="Requests of everybody ...")
    rate_limiter_global_duration: float = Field(1.0, gt=0, description="... in so many seconds.")
    cors_enabled: bool = Field(
        False, description="Let pages of other origins call, as CORS_ORIGIN says."
    )
    cors_origin: str = Field(
        "false",
        description="Those origins, separated by commas: https://app.example.com, or a pattern as "
        "regex:\\.example\\.com$. true: whichever asks. *: all, without credentials. false: none.",
    )
    cors_methods: str = Field("GET,POST,PATCH,DELETE", description="Methods they may use.")
    cors_allowed_headers: str = Field(
        "Content-Type,Authorization", description="Headers they may send. *: any."
    )
    cors_exposed_headers: str = Field(
        "Content-Range", description="Headers of answers that they may read."
    )
    cors_credentials: bool = Field(True, description="Let them send cookies.")
    cors_max_age: int = Field(
        18_000, ge=0, description="Seconds a browser remembers what they may do."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="debug, info, warning or error."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="json, console, or auto (console on a terminal)."
    )

    @property
    def schema_sources(self) -> tuple[str, ...]:
        """The parts of SCHEMA."""
        return listed(self.schema_)

    @property
    def trusted_outside(self) -> frozenset[str]:
        """The hosts of OUTSIDE_HOSTS."""
        listed = (host.strip().lower() for host in self.outside_hosts.split(","))
        return frozenset(host for host in listed if host)

    @property
    def password_reset_urls(self) -> tuple[str, ...]:
        """The addresses of PASSWORD_RESET_URL_ALLOW_LIST."""
        return listed(self.password_reset_url_allow_list)

    @property
    def cors_origins(self) -> tuple[str, ...]:
        """The origins of CORS_ORIGIN, as browsers write them; `true` and `*` as they are."""
        named = [name for name in listed(self.cors_origin) if not name.startswith(_PATTERN)]
        return tuple(name.lower().rstrip("/") for name in named if name != "false")

    @property
    def cors_patterns(self) -> tuple[str, ...]:
        """The patterns of CORS_ORIGIN. One of them is found in an origin that is let in."""
        names = listed(self.cors_origin)
        return tuple(name.removeprefix(_PATTERN) for name in names if name.startswith(_PATTERN))

    @field_validator("cors_origin")
    @classmethod
    def _names_origins(cls, text: str) -> str:
        """Refuse what no browser calls its origin, and patterns that let in more than they say."""
        for name in listed(text):
            if name.startswith(_PATTERN):
                _require_pattern(name.removeprefix(_PATTERN))
            elif name not in {"true", "false", "*"} and not re.fullmatch(_ORIGIN, name.lower()):
                raise ValueError(
                    f'"{name}" is not an origin: it has to look like https://app.example.com'
                )
        return text


class GivenSettings(Settings):
    """Settings as they are given: services that are not named are embedded ones."""

    database_url: str | None = Field(
        None, description="PostgreSQL (15 or newer). Not set: an embedded one under DATA_DIR."
    )
    redis_url: str | None = Field(
        None, description="Redis or Valkey. Not set: an embedded Valkey under DATA_DIR."
    )
    s3_url: str | None = Field(
        None,
        description="S3 server as http(s)://ACCESS_KEY:SECRET_KEY@host:port/bucket. "
        "Not set: an embedded SeaweedFS under DATA_DIR.",
    )
    secret: str | None = Field(
        None,
        min_length=16,
        description="Encrypts code-space keys, signs logins. Not set: made once, kept in "
        "DATA_DIR/secret. Losing it means losing the ability to mint on and to verify: back it up.",
    )

    @field_validator("database_url", "redis_url", "s3_url")
    @classmethod
    def _has_the_form_of_its_url(cls, url: str | None, info: ValidationInfo) -> str | None:
        """Refuse early what no client could use. The value is not repeated: it holds a password."""
        form, pattern = _URLS[info.field_name or ""]
        if url is not None and not re.match(pattern, url):
            raise ValueError(f"it has to look like {form}")
        return url


class InstallationSettings(Settings):
    """Settings of an installation that runs: its services and its secret are known."""

    database_url: str
    redis_url: str
    s3_url: str
    secret: str


class MissingSettings(ValueError):
    """A process that needs an installation's services was not told where they are."""

    def __init__(self, names: list[str]) -> None:
        listed = " and ".join(names)
        super().__init__(f"{listed} must be set. `mintage run` starts the services and sets them.")


def _require_pattern(pattern: str) -> None:
    if not pattern.endswith("$") or pattern.endswith("\\$"):
        raise ValueError(f'the pattern "{pattern}" has to end with $')
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f'"{pattern}" is not a regular expression: {error}') from None


def listed(text: str) -> tuple[str, ...]:
    """The parts of a list separated by commas, which may begin with Directus's `array:`."""
    parts = text.removeprefix("array:").split(",")
    return tuple(part.strip() for part in parts if part.strip())


@lru_cache(maxsize=1)
def settings() -> GivenSettings:
    """The settings of this process."""
    return GivenSettings()


def installation_settings() -> InstallationSettings:
    """The settings of this process, which needs its services. Raises MissingSettings."""
    return _resolved(settings())


@lru_cache(maxsize=4)
def _resolved(given: GivenSettings) -> InstallationSettings:
    return resolved(given)


def resolved(given: GivenSettings | InstallationSettings) -> InstallationSettings:
    """The settings of an installation whose services are all named. Raises MissingSettings."""
    if isinstance(given, InstallationSettings):
        return given
    needed = InstallationSettings.model_fields.keys() - Settings.model_fields.keys()
    missing = sorted(name.upper() for name in needed if getattr(given, name) is None)
    if missing:
        raise MissingSettings(missing)
    return InstallationSettings.model_validate(dict(given))
