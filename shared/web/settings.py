"""What an installation can set, all by environment variables that begin with MOTCUA_."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one process. The launcher of embedded mode fills them in; elsewhere the operator does."""

    model_config = SettingsConfigDict(env_prefix="MOTCUA_", extra="ignore", env_ignore_empty=True)

    #: Any PostgreSQL 15 or newer. With the owner's login a service derives and uses its own role's login.
    database_url: SecretStr
    pool_size: int = 24
    #: How long a request that only reads may take, a report of many years for one; then its query is ended.
    reading_seconds: Annotated[float, Field(gt=0)] = 60.0
    #: How long a service waits at its start for a migration that runs beside it.
    schema_patience_seconds: float = 120.0

    #: Where the keys of the token issuer come from: a file (embedded mode) or an address.
    jwks_file: Path | None = None
    jwks_url: str | None = None
    issuer: str = "motcua-local"
    audience: str = "motcua"
    #: Names of the claims that carry the role and the agency.
    role_claim: str = "role"
    agency_claim: str = "agency"
    #: Of a citizen's token: the identity number, by which an applicant is known.
    id_number_claim: str = "id_number"

    #: Signs page cursors. All processes of an installation share it.
    cursor_key: Annotated[SecretStr, Field(min_length=16)]
    #: Makes the secret on a receipt, by which its holder sees more than anybody else. It must outlive every receipt.
    tracking_key: Annotated[SecretStr, Field(min_length=16)]
    #: Where a citizen follows a dossier: the QR code on a receipt leads there. A setting, for addresses move.
    tracking_url: str = "http://127.0.0.1:8001/v1/track"

    #: How often a client (an address) may ask what needs no login, and how many wrong secrets are heard for a dossier.
    public_per_minute: Annotated[int, Field(ge=1)] = 60
    wrong_secrets_per_hour: Annotated[int, Field(ge=1)] = 20
    #: How many clients, and how many dossiers guessed at, are remembered for that.
    limited_keys: Annotated[int, Field(ge=1)] = 20_000
    #: How many proxies stand before the service and tell in X-Forwarded-For whom they saw.
    trusted_proxies: Annotated[int, Field(ge=0)] = 0

    #: Where the services answer: each uses its neighbours', the `motcua` command all three.
    intake_url: str = "http://127.0.0.1:8001"
    routing_url: str = "http://127.0.0.1:8002"
    stats_url: str = "http://127.0.0.1:8003"
    #: The token (role machine, of the province) with which the services speak to each other.
    service_token: Annotated[SecretStr, Field(min_length=16)]

    #: The versions of the index of Decision 766, in place of those that come with the product (docs/index-766.md).
    index_766_file: Path | None = None
    #: In which column of table II.06a the dossiers stand that wait for the applicant: 12, in process, or 9, on time.
    awaiting_supplement_column: Literal["9", "12"] = "12"

    max_body_bytes: int = 1_048_576
    #: Whether this process also runs its room's consumers of the event log.
    background: bool = True
    access_log: bool = False
    log_level: str = "INFO"

    @model_validator(mode="after")
    def _need_keys(self) -> Self:
        if self.jwks_file is None and self.jwks_url is None:
            raise PydanticCustomError(
                "keys_missing",
                "MOTCUA_JWKS_FILE / MOTCUA_JWKS_URL: phải đặt một trong hai, để kiểm tra mã truy cập · one of them "
                "must be set: without keys no token can be checked",
            )
        return self


class SettingsMissing(Exception):
    """Settings that are missing or wrong; the message names each, one a line."""


def read_settings() -> Settings:
    """The settings from the environment."""
    try:
        return Settings()
    except ValidationError as error:
        lines = map(_told, error.errors(include_input=False))
        raise SettingsMissing("\n".join([_NOT_SUFFICIENT, *lines])) from None


_NOT_SUFFICIENT = "Thiết lập còn thiếu hoặc sai, xem README · the settings do not suffice, see the README:"
_WRONG = {
    "missing": "phải đặt · must be set",
    "too_short": "cần ít nhất {min_length} ký tự · at least {min_length} characters are needed",
    "greater_than": "phải lớn hơn {gt} · must be more than {gt}",
    "greater_than_equal": "phải từ {ge} trở lên · must be {ge} or more",
    "int_parsing": "phải là số nguyên · must be a whole number",
    "float_parsing": "phải là số · must be a number",
    "literal_error": "phải là một trong · must be one of: {expected}",
    "bool_parsing": "phải là true hoặc false · must be true or false",
}


def _told(entry: ErrorDetails) -> str:
    """One setting and what it must be; never what it was set to, which may be a secret."""
    if not entry["loc"]:
        return entry["msg"]
    wrong = _WRONG.get(entry["type"], f"không hợp lệ · {entry['msg']}").format(**entry.get("ctx", {}))
    return f"MOTCUA_{str(entry['loc'][0]).upper()}: {wrong}"
