"""What an installation can set, all by environment variables that begin with MOTCUA_."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    Field,
    PrivateAttr,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.domain.national import Compare
from shared.web.auth.issuers import LOCAL_ISSUER, Issuer, ListedIssuer, need_distinct, refused
from shared.web.auth.roles import Role
from shared.web.keyring import Keyring, KeysMalformed
from shared.web.targets import Allowed, own_network

#: As a browser sends it: RFC 6454 6.2.
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?")


_BUCKET = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[A-Za-z0-9._/-]*?))?/?")
_ENDPOINT = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(?:/[A-Za-z0-9._/-]*)?")
_PROXY = re.compile(r"http://[A-Za-z0-9.-]+:[0-9]{1,5}/?")


@dataclass(frozen=True)
class FilesPlace:
    """Where files of dossiers are kept. bucket: of a store that speaks S3; None: path is a directory, else a prefix."""

    bucket: str | None
    path: str
    endpoint: str | None = None
    region: str = ""
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)


def files_place(files: str, endpoint: str | None, region: str, key: str | None, secret: str | None) -> FilesPlace:
    """The place that settings name. Raises PydanticCustomError."""
    bucket = _BUCKET.fullmatch(files)
    if bucket is None:
        if not Path(files).is_absolute():
            raise refused(
                "files",
                "MOTCUA_FILES: phải là đường dẫn tuyệt đối của một thư mục, hoặc s3://tên-kho/tiền-tố",
                "must be the absolute path of a directory, or s3://bucket/prefix",
            )
        return FilesPlace(None, files)
    if not key or not secret:
        raise refused(
            "files",
            "MOTCUA_FILES_KEY, MOTCUA_FILES_SECRET: phải đặt cả hai khi MOTCUA_FILES là s3://",
            "set both where MOTCUA_FILES is s3://",
        )
    if endpoint is not None and _ENDPOINT.fullmatch(endpoint) is None:
        raise refused("files", "MOTCUA_FILES_ENDPOINT: phải là một địa chỉ http(s)", "must be an http(s) address")
    return FilesPlace(bucket["bucket"], bucket["prefix"] or "", endpoint, region, key, secret)


@dataclass(frozen=True)
class FileLinks:
    """Where the national database fetches files, by links that are signed and hold for so many days. address: what
    stands before the path."""

    address: str
    days: int
    key: str = field(repr=False)


_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*/?")
_LEAST_KEY = 32


def file_links(address: str | None, key: str | None, days: int, *, embedded: bool) -> FileLinks | None:
    """The place that settings name, if any. Raises PydanticCustomError."""
    if address is None and key is None:
        return None
    if address is None or key is None:
        raise refused(
            "file_links",
            "MOTCUA_FILES_ADDRESS, MOTCUA_FILES_LINK_KEY: phải đặt cả hai hoặc không đặt",
            "set both or neither: at that address the national database fetches files, by links signed with that key",
        )
    if len(key) < _LEAST_KEY:
        raise refused(
            "file_links",
            f"MOTCUA_FILES_LINK_KEY: cần ít nhất {_LEAST_KEY} ký tự",
            f"at least {_LEAST_KEY} characters are needed",
        )
    if _ADDRESS.fullmatch(address) is None or not (embedded or address.startswith("https://")):
        raise refused(
            "file_links",
            "MOTCUA_FILES_ADDRESS: phải là một địa chỉ https như https://motcua.example.gov.vn",
            "must be an https address like https://motcua.example.gov.vn; http in embedded mode only",
        )
    return FileLinks(address.rstrip("/"), days, key)


@dataclass(frozen=True)
class NationalPlace:
    """Where the adapter of the national database is, and who asks. unit: madonvi; destination: the header dstcode."""

    auth_url: str
    integration_url: str
    share_url: str
    unit: str
    destination: str
    calls_per_minute: int
    username: str = field(repr=False)
    password: str = field(repr=False)


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

    #: Who issues tokens, plainly: one issuer, trusted for all roles. Its keys: from a file, from an address, or else
    #: found by discovery. docs/authentication.md
    jwks_file: Path | None = None
    jwks_url: str | None = None
    issuer: str = LOCAL_ISSUER
    audience: str = "motcua"
    #: Names of the claims that carry the role and the agency.
    role_claim: str = "role"
    agency_claim: str = "agency"
    #: Of a citizen's token: the identity number, by which an applicant is known.
    id_number_claim: str = "id_number"
    #: Several issuers, each trusted for what stands there: a JSON list, here or in a file.
    issuers: Annotated[tuple[ListedIssuer, ...], NoDecode] = ()
    issuers_file: Path | None = None
    #: Whether this is embedded mode, where the issuer is a key in the data directory. The launcher says so.
    embedded: bool = False

    #: Signs page cursors. All processes of an installation share it.
    cursor_key: Annotated[SecretStr, Field(min_length=16)]
    #: Makes the secret on a receipt, by which its holder sees more than anybody else. It must outlive every receipt.
    tracking_key: Annotated[SecretStr, Field(min_length=16)]
    #: Under which identity numbers are kept: ID:HEX of 32 bytes each, the first seals. None: they are kept as they are.
    identity_keys: SecretStr | None = None
    #: Where a citizen follows a dossier: the QR code on a receipt leads there. A setting, for addresses move.
    tracking_url: str = "http://127.0.0.1:8001/v1/track"

    #: How often the holder of a token may ask (a machine ten times as often), and an address, in each process; 0: as
    #: often as it likes.
    calls_per_minute: Annotated[int, Field(ge=0)] = 6000
    address_calls_per_minute: Annotated[int, Field(ge=0)] = 60_000
    #: How often a client (an address) may ask what needs no login, and how many wrong secrets are heard for a dossier.
    public_per_minute: Annotated[int, Field(ge=1)] = 60
    wrong_secrets_per_hour: Annotated[int, Field(ge=1)] = 20
    #: How often the holder of a token may search by an identity or phone number (a machine ten times as often), in each
    #: process; 0: as often as it likes.
    numbers_sought_per_hour: Annotated[int, Field(ge=0)] = 600
    #: How many petitions a client may send.
    petitions_per_hour: Annotated[int, Field(ge=1)] = 10
    #: For how many days after the day on which it was given a rating can be changed. docs/ratings.md
    rating_change_days: Annotated[int, Field(ge=0, le=60)] = 7
    #: Fewer ratings than this have no shares, and are not shown to everybody.
    satisfaction_minimum: Annotated[int, Field(ge=2)] = 5

    #: How many clients, and how many dossiers guessed at, are remembered for that.
    limited_keys: Annotated[int, Field(ge=1)] = 20_000
    #: How many proxies stand before the service and tell in X-Forwarded-For whom they saw.
    trusted_proxies: Annotated[int, Field(ge=0)] = 0

    #: Origins whose pages may call the services from a browser, https://motcua.example.gov.vn; none unless said.
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()

    #: Where the services answer: each uses its neighbours', the `motcua` command all three.
    intake_url: str = "http://127.0.0.1:8001"
    routing_url: str = "http://127.0.0.1:8002"
    stats_url: str = "http://127.0.0.1:8003"
    #: The token (role machine, of the province) with which the services speak to each other.
    service_token: Annotated[SecretStr, Field(min_length=16)]

    #: The versions of the index of Decision 766, in place of those that come with the product (docs/index-766.md).
    index_766_file: Path | None = None
    #: What the national scoring holds against the date promised: the instant of an end, as its formula is written, or
    #: its day. docs/national-verdicts.md
    national_compare: Compare = Compare.INSTANT
    #: In which column of table II.06a the dossiers stand that wait for the applicant: 12, in process, or 9, on time.
    awaiting_supplement_column: Literal["9", "12"] = "12"

    #: A time-stamping authority (RFC 3161) that stamps each day's anchor, and the file with the certificates (PEM)
    #: under which its own stands; both or neither. docs/anchors.md
    stamp_authority: str | None = None
    stamp_certificates: Path | None = None

    #: Where files of dossiers are kept: a directory that no web server serves, or s3://bucket/prefix with the address
    #: of the store (none: Amazon's), its region and a key. None: no files are taken. docs/files.md
    files: str | None = None
    files_endpoint: str | None = None
    files_region: str = "us-east-1"
    files_key: SecretStr | None = None
    files_secret: SecretStr | None = None
    #: Where the national database fetches files (what stands before /v1/public/files), the key that signs the links by
    #: which it does (both or neither), and for how many days one holds.
    files_address: str | None = None
    files_link_key: SecretStr | None = None
    files_link_days: Annotated[int, Field(ge=1, le=90)] = 7
    #: The largest of them.
    max_file_bytes: Annotated[int, Field(ge=1, le=1_073_741_824)] = 26_214_400

    #: Where webhooks may be sent beside public hosts: an agency's own networks, 10.20.0.0/16. docs/webhooks.md
    webhook_networks: Annotated[tuple[str, ...], NoDecode] = ()
    #: To which ports.
    webhook_ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], NoDecode] = (443,)
    #: To which hosts without TLS: in embedded mode only.
    webhook_plain_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    #: Certificates (PEM) of authorities that are believed beside the public ones: an intranet's own.
    webhook_certificates: Path | None = None
    #: The proxy through which they go out, http://proxy.example:3128; None: straight. That of the environment is not
    #: asked.
    webhook_proxy: str | None = None
    #: The adapter of the national database on the province's axis: three addresses, who asks (madonvi) and for whom
    #: (dstcode). All or none; none: nothing is told. docs/national.md
    national_auth_url: str | None = None
    national_integration_url: str | None = None
    national_share_url: str | None = None
    national_unit: str | None = None
    national_destination: str | None = None
    national_username: str | None = None
    national_password: SecretStr | None = None
    national_calls_per_minute: Annotated[int, Field(ge=1)] = 600
    #: What was recorded before is not told.
    national_since: AwareDatetime | None = None
    #: How often the national catalogue is read by itself; 0: never.
    national_catalogue_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    #: How often what it has is held against ours by itself (0: never), and how many days of reception back; what is
    #: open, was told since, or was not in step is always looked at. docs/reconciliation.md
    national_reconcile_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    national_reconcile_days: Annotated[int, Field(ge=0, le=3660)] = 30
    #: How often questions and feedback are read there, and answers sent (0: never); by which service ratings are read
    #: (none: they are not; no service that gives them out is known). docs/exchange.md
    national_exchange_minutes: Annotated[int, Field(ge=0, le=1440)] = 15
    national_ratings_service: Annotated[str, Field(pattern=r"^[A-Za-z]{1,60}$")] | None = None
    #: Fields of DongBoHoSoMC without which a dossier is not sent, beside those without which it says nothing.
    national_needed: Annotated[tuple[str, ...], NoDecode] = ()

    max_body_bytes: int = 1_048_576
    #: Whether this process also runs its room's consumers of the event log.
    background: bool = True
    access_log: bool = False
    log_level: str = "INFO"

    _trusted: tuple[Issuer, ...] = PrivateAttr(default=())
    _ring: Keyring = PrivateAttr(default_factory=Keyring)
    _files_place: FilesPlace | None = PrivateAttr(default=None)
    _file_links: FileLinks | None = PrivateAttr(default=None)
    _webhook_targets: Allowed = PrivateAttr(default_factory=Allowed)
    _national_place: NationalPlace | None = PrivateAttr(default=None)

    @property
    def trusted(self) -> tuple[Issuer, ...]:
        """The issuers whose tokens are believed."""
        return self._trusted

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _origins(cls, given: object) -> object:
        listed = given.replace(",", " ").split() if isinstance(given, str) else given
        if isinstance(listed, list | tuple) and not all(
            isinstance(one, str) and _ORIGIN.fullmatch(one) for one in listed
        ):
            raise refused(
                "no_origin",
                "phải là các địa chỉ như https://motcua.example.gov.vn, cách nhau bằng dấu phẩy",
                "must be origins like https://motcua.example.gov.vn, with commas between them",
            )
        return listed

    @property
    def keyring(self) -> Keyring:
        """The keys of identity numbers."""
        return self._ring

    @model_validator(mode="after")
    def _need_keys(self) -> Self:
        try:
            self._ring = Keyring.of(self.identity_keys.get_secret_value() if self.identity_keys else None)
        except KeysMalformed:
            raise refused(
                "identity_keys",
                "MOTCUA_IDENTITY_KEYS: phải có dạng SỐ:HEX (64 chữ số hex), cách nhau bằng dấu phẩy, mỗi số một lần",
                "must be ID:HEX (32 bytes, 64 hex digits), with commas between them, each id once",
            ) from None
        return self

    @property
    def files_place(self) -> FilesPlace | None:
        """Where files of dossiers are kept, if anywhere."""
        return self._files_place

    @model_validator(mode="after")
    def _need_a_place_of_files(self) -> Self:
        if self.files is not None:
            key, secret = (one.get_secret_value() if one else None for one in (self.files_key, self.files_secret))
            self._files_place = files_place(self.files, self.files_endpoint, self.files_region, key, secret)
        return self

    @property
    def file_links(self) -> FileLinks | None:
        """Where the national database fetches files, if anywhere."""
        return self._file_links

    @model_validator(mode="after")
    def _need_a_place_to_fetch_files(self) -> Self:
        key = self.files_link_key.get_secret_value() if self.files_link_key else None
        self._file_links = file_links(self.files_address, key, self.files_link_days, embedded=self.embedded)
        return self

    @field_validator("webhook_networks", "webhook_ports", "webhook_plain_hosts", mode="before")
    @classmethod
    def _separated(cls, given: object) -> object:
        return given.replace(",", " ").lower().split() if isinstance(given, str) else given

    @property
    def webhook_targets(self) -> Allowed:
        """Where webhooks may be sent."""
        return self._webhook_targets

    @model_validator(mode="after")
    def _need_targets_of_webhooks(self) -> Self:
        networks = [network for network in map(own_network, self.webhook_networks) if network is not None]
        if len(networks) < len(self.webhook_networks):
            raise refused(
                "webhooks",
                "MOTCUA_WEBHOOK_NETWORKS: phải là các mạng riêng như 10.20.0.0/16, cách nhau bằng dấu phẩy",
                "must be private networks like 10.20.0.0/16, with commas between them",
            )
        if self.webhook_plain_hosts and not self.embedded:
            raise refused(
                "webhooks",
                "MOTCUA_WEBHOOK_PLAIN_HOSTS: chỉ dùng ở chế độ nhúng, để dùng thử",
                "is for embedded mode only, to try it out: elsewhere webhooks go by https",
            )
        if self.webhook_certificates is not None and _PEM not in _content(self.webhook_certificates):
            raise refused(
                "webhooks",
                "MOTCUA_WEBHOOK_CERTIFICATES: phải là tệp đọc được, có chứng thư dạng PEM",
                "must be a file that can be read, with certificates (PEM)",
            )
        if self.webhook_proxy is not None and _PROXY.fullmatch(self.webhook_proxy) is None:
            raise refused(
                "webhooks",
                "MOTCUA_WEBHOOK_PROXY: phải có dạng http://máy:cổng",
                "must be http://host:port",
            )
        self._webhook_targets = Allowed(tuple(networks), self.webhook_ports, self.webhook_plain_hosts)
        return self

    @field_validator("national_needed", mode="before")
    @classmethod
    def _fields(cls, given: object) -> object:
        return given.replace(",", " ").split() if isinstance(given, str) else given

    @property
    def national_place(self) -> NationalPlace | None:
        """Where the national database is told, if anywhere."""
        return self._national_place

    @model_validator(mode="after")
    def _need_all_of_the_national_database(self) -> Self:
        urls = (self.national_auth_url, self.national_integration_url, self.national_share_url)
        who = (self.national_unit, self.national_destination, self.national_username, self.national_password)
        if not any((*urls, *who)):
            return self
        if not all((*urls, *who)):
            raise refused(
                "national",
                "MOTCUA_NATIONAL_…: phải đặt đủ AUTH_URL, INTEGRATION_URL, SHARE_URL, UNIT, DESTINATION, USERNAME và"
                " PASSWORD, hoặc không đặt gì",
                "set all of AUTH_URL, INTEGRATION_URL, SHARE_URL, UNIT, DESTINATION, USERNAME and PASSWORD, or none",
            )
        if not all(url and url.startswith(("https://", "http://")) for url in urls):
            raise refused("national", "MOTCUA_NATIONAL_…_URL: phải là địa chỉ http(s)", "must be http(s) addresses")
        auth, integration, share = (url or "" for url in urls)
        self._national_place = NationalPlace(
            auth_url=auth,
            integration_url=integration,
            share_url=share,
            unit=self.national_unit or "",
            destination=self.national_destination or "",
            calls_per_minute=self.national_calls_per_minute,
            username=self.national_username or "",
            password=self.national_password.get_secret_value() if self.national_password else "",
        )
        return self

    @model_validator(mode="after")
    def _need_both_of_the_stamp(self) -> Self:
        if (self.stamp_authority is None) != (self.stamp_certificates is None):
            raise refused(
                "stamp",
                "MOTCUA_STAMP_AUTHORITY, MOTCUA_STAMP_CERTIFICATES: phải đặt cả hai hoặc không đặt",
                "set both or neither: a stamp whose certificate is not known proves nothing",
            )
        if self.stamp_authority is not None and not self.stamp_authority.startswith(("https://", "http://")):
            raise refused("stamp", "MOTCUA_STAMP_AUTHORITY: phải là một địa chỉ http(s)", "must be an http(s) address")
        if self.stamp_certificates is not None and _PEM not in _content(self.stamp_certificates):
            raise refused(
                "stamp",
                "MOTCUA_STAMP_CERTIFICATES: phải là tệp đọc được, có chứng thư dạng PEM",
                "must be a file that can be read, with certificates (PEM)",
            )
        return self

    @field_validator("issuers", mode="before")
    @classmethod
    def _listed(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        try:
            return json.loads(given)
        except ValueError:
            raise refused("no_json", "phải là một danh sách JSON", "must be a JSON list") from None

    @model_validator(mode="after")
    def _need_issuers(self) -> Self:
        trusted: list[Issuer] = [*self.issuers, *self._from_file()]
        named = {"issuer", "jwks_file", "jwks_url"} & self.model_fields_set
        if named or not trusted:
            trusted.insert(0, self._plain())
        need_distinct(trusted)
        if not self.embedded and any(issuer.issuer == LOCAL_ISSUER for issuer in trusted):
            raise refused(
                "local_issuer",
                f"MOTCUA_ISSUER: {LOCAL_ISSUER} chỉ dùng ở chế độ nhúng (`motcua up`); hãy nêu bên cấp mã của bạn, hoặc"
                " đặt MOTCUA_EMBEDDED=true để dùng thử",
                f"{LOCAL_ISSUER} is the issuer of embedded mode (`motcua up`), whose key lies in a directory: name"
                " yours, or set MOTCUA_EMBEDDED=true to try it out",
            )
        self._trusted = tuple(trusted)
        return self

    def _plain(self) -> Issuer:
        """The issuer of the plain settings. Its claims' names are taken letter by letter."""
        if self.jwks_file is None and self.jwks_url is None and not self.issuer.startswith(("https://", "http://")):
            raise PydanticCustomError(
                "keys_missing",
                "MOTCUA_JWKS_FILE / MOTCUA_JWKS_URL: phải đặt một trong hai, để kiểm tra mã truy cập, hoặc đặt "
                "MOTCUA_ISSUER là địa chỉ https của bên cấp mã, hoặc MOTCUA_ISSUERS · one of them must be set, or "
                "MOTCUA_ISSUER as the https address of an issuer, or MOTCUA_ISSUERS: without keys no token can be "
                "checked",
            )
        try:
            return Issuer(
                issuer=self.issuer,
                audience=(self.audience,),
                jwks_file=self.jwks_file,
                jwks_url=self.jwks_url if self.jwks_file is None else None,
                roles=frozenset(Role),
                role_claim=(self.role_claim,),
                agency_claim=(self.agency_claim,),
                id_number_claim=(self.id_number_claim,),
            )
        except ValidationError as error:
            raise _as_one(error, "MOTCUA_ISSUER / MOTCUA_JWKS_FILE / MOTCUA_JWKS_URL") from None

    def _from_file(self) -> tuple[ListedIssuer, ...]:
        if self.issuers_file is None:
            return ()
        name = "MOTCUA_ISSUERS_FILE"
        try:
            return _ISSUERS.validate_python(json.loads(self.issuers_file.read_text(encoding="utf-8")))
        except ValidationError as error:
            raise _as_one(error, name) from None
        except OSError:
            raise refused("no_file", f"{name}: không đọc được tệp", "the file cannot be read") from None
        except ValueError:
            raise refused("no_json", f"{name}: phải là một danh sách JSON", "must be a JSON list") from None


_ISSUERS = TypeAdapter(tuple[ListedIssuer, ...])


_PEM = b"-----BEGIN CERTIFICATE-----"


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


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
    "less_than_equal": "phải từ {le} trở xuống · must be {le} or less",
    "int_parsing": "phải là số nguyên · must be a whole number",
    "float_parsing": "phải là số · must be a number",
    "literal_error": "phải là một trong · must be one of: {expected}",
    "bool_parsing": "phải là true hoặc false · must be true or false",
    "string_pattern_mismatch": "phải có dạng · must match {pattern}",
    "enum": "phải là một trong · must be one of: {expected}",
    "extra_forbidden": "không có thiết lập này · there is no such setting",
}


def _told(entry: ErrorDetails) -> str:
    """One setting and what it must be; never what it was set to, which may be a secret."""
    if not entry["loc"]:
        return entry["msg"]
    setting, *place = entry["loc"]
    return f"MOTCUA_{str(setting).upper()}{_within(place)}: {_wrong(entry)}"


def _wrong(entry: ErrorDetails) -> str:
    known, context = _WRONG.get(entry["type"]), entry.get("ctx", {})
    if entry["type"] == "too_short" and context.get("field_type") in ("Tuple", "Frozenset"):
        return "không được để trống · must not be empty"
    if known is not None:
        return known.format(**context)
    return entry["msg"] if " · " in entry["msg"] else f"không hợp lệ · {entry['msg']}"


def _within(place: Sequence[int | str]) -> str:
    """Where in a setting that is a list of objects: `[0].audience`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)


def _as_one(error: ValidationError, name: str) -> PydanticCustomError:
    """What is wrong inside one setting, a line each."""
    lines = [f"{name}{_within(entry['loc'])}: {_wrong(entry)}" for entry in error.errors(include_input=False)]
    return PydanticCustomError("within", "\n".join(lines))
