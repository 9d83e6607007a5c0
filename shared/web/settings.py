"""What an installation can set, all by environment variables that begin with MOTCUA_."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one process. The launcher of embedded mode fills them in; elsewhere the operator does."""

    model_config = SettingsConfigDict(env_prefix="MOTCUA_", extra="ignore")

    #: Any PostgreSQL 15 or newer. With the owner's login a service derives and uses its own role's login.
    database_url: SecretStr
    pool_size: int = 24
    #: How long a service waits at its start for a migration that runs beside it.
    schema_patience_seconds: float = 60.0

    #: Where the keys of the token issuer come from: a file (embedded mode) or an address.
    jwks_file: Path | None = None
    jwks_url: str | None = None
    issuer: str = "motcua-local"
    audience: str = "motcua"
    #: Names of the claims that carry the role and the agency.
    role_claim: str = "role"
    agency_claim: str = "agency"

    #: Signs page cursors. All processes of an installation share it.
    cursor_key: SecretStr = SecretStr("")

    intake_url: str = "http://127.0.0.1:8001"
    routing_url: str = "http://127.0.0.1:8002"
    stats_url: str = "http://127.0.0.1:8003"
    #: The token with which the services speak to each other.
    service_token: SecretStr = SecretStr("")

    max_body_bytes: int = 1_048_576
    #: Whether this process also runs its room's consumers of the event log.
    background: bool = True
    access_log: bool = False
    log_level: str = "INFO"
