"""Whom an installation trusts to say who somebody is, and what each may say: read from the settings.

Nothing is trusted by what a token says of itself: which issuer's keys check it, by which algorithms, and which roles it
can carry stand here.
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from shared.web.auth.roles import Role

#: What may be allowed at all: neither `none` nor an HMAC, for which a public key would be the secret.
ALGORITHMS = ("RS256", "ES256", "EdDSA", "Ed25519", "PS256")
DEFAULT_ALGORITHMS = ("RS256", "ES256", "EdDSA")
#: The issuer of embedded mode (services/local_issuer.py; a test holds the two together).
LOCAL_ISSUER = "motcua-local"
_LONGEST_TEXT = 500


def refused(code: str, vietnamese: str, english: str) -> PydanticCustomError:
    """What is wrong with a setting, in both languages."""
    return PydanticCustomError(code, f"{vietnamese} · {english}")


def _listed(given: object) -> object:
    return [given] if isinstance(given, str) else given


def _claim(given: object) -> object:
    """`realm_access.roles` leads into an object; a name with dots of its own is written as a list of one."""
    return given.split(".") if isinstance(given, str) else given


def _known(given: str) -> str:
    if given not in ALGORITHMS:
        raise refused(
            "algorithm", f"phải là một trong {', '.join(ALGORITHMS)}", f"must be one of {', '.join(ALGORITHMS)}"
        )
    return given


_Text = Annotated[str, Field(min_length=1, max_length=_LONGEST_TEXT, pattern=r"^[^\s\x00-\x1f]+$")]
_Texts = Annotated[tuple[_Text, ...], BeforeValidator(_listed), Field(min_length=1)]
_Claim = Annotated[tuple[_Text, ...], BeforeValidator(_claim), Field(min_length=1, max_length=6)]


class Client(BaseModel):
    """What a machine is that has tokens of its own (client credentials), whatever its token says of roles."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role = Role.MACHINE
    agency: _Text


class Issuer(BaseModel):
    """An issuer of tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Stands before its subjects: `citizens:4711` is another than `staff:4711`. Empty for the plain settings' issuer.
    name: str = ""
    #: `iss`, letter by letter.
    issuer: _Text
    #: `aud` must name one of these.
    audience: _Texts
    #: Where the keys are. Neither: found by discovery, at issuer/.well-known/openid-configuration.
    jwks_file: Path | None = None
    jwks_url: _Text | None = None
    algorithms: Annotated[tuple[Annotated[str, AfterValidator(_known)], ...], Field(min_length=1)] = DEFAULT_ALGORITHMS
    #: What its tokens can make of somebody: a citizens' issuer can make no admin.
    roles: Annotated[frozenset[Role], Field(min_length=1)]
    #: The role of all its tokens, whatever they say.
    role: Role | None = None
    role_claim: _Claim = ("role",)
    #: What the claim may say, and the role that it stands for. Empty: it says the role's name.
    role_map: Mapping[str, Role] = Field(default={})
    agency_claim: _Claim = ("agency",)
    #: The agency of whoever's token names none.
    agency: _Text | None = None
    id_number_claim: _Claim = ("id_number",)
    #: By `azp` or `client_id`: machines that have tokens of their own.
    clients: Mapping[str, Client] = Field(default={})
    #: Keys over plain HTTP from elsewhere than this machine: only where nobody else is on the wire.
    allow_http: bool = False

    @property
    def discovery(self) -> str | None:
        """The address of its description, where its keys have to be found."""
        if self.jwks_file is not None or self.jwks_url is not None:
            return None
        return f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        given = {self.role, *self.role_map.values(), *(client.role for client in self.clients.values())} - {None}
        if not given <= self.roles:
            beyond = ", ".join(sorted(role for role in given if role is not None and role not in self.roles))
            raise refused(
                "roles",
                f"roles không có vai trò mà role, role_map hoặc clients cấp: {beyond}",
                f"roles does not hold what role, role_map or clients give: {beyond}",
            )
        if self.jwks_file is not None and not self.jwks_file.is_file():
            raise refused("jwks_file", "jwks_file: không có tệp này", "jwks_file: there is no such file")
        address = self.jwks_url if self.jwks_file is None else None
        if address is None and self.discovery is not None:
            address = self.issuer
        if address is not None and (
            wrong := wrong_address(address, allow_http=self.allow_http, query=bool(self.jwks_url))
        ):
            setting = "jwks_url" if self.jwks_url else "issuer"
            raise refused("address", f"{setting}: {wrong[0]}", f"{setting}: {wrong[1]}")
        return self


class ListedIssuer(Issuer):
    """One of several, so it has a name."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,29}$")]


def wrong_address(address: str, *, allow_http: bool, query: bool = True) -> tuple[str, str] | None:
    """Why keys are not to be had from an address, in both languages; None: they are. An issuer's has no query."""
    try:
        place = urlsplit(address)
        host = place.hostname or ""
        _ = place.port
    except ValueError:
        place, host = urlsplit(""), ""
    if place.scheme not in ("http", "https") or not host:
        return "cần một địa chỉ https (hoặc jwks_file, jwks_url)", "an https address is needed (or jwks_file, jwks_url)"
    if place.username is not None or place.password is not None or place.fragment or (place.query and not query):
        return (
            "địa chỉ không được có tài khoản, ? hoặc #",
            "the address must hold no login, no query and no fragment",
        )
    if place.scheme == "http" and not (allow_http or is_loopback(host)):
        return (
            "phải là https, hoặc trong MOTCUA_ISSUERS đặt allow_http",
            "must be https, or in MOTCUA_ISSUERS set allow_http",
        )
    return None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def need_distinct(issuers: Sequence[Issuer]) -> None:
    """Two that are one would leave open whose rules hold."""
    for what in ("issuer", "name"):
        values: list[Any] = [getattr(issuer, what) for issuer in issuers]
        if len(set(values)) < len(values):
            raise refused(
                "not_distinct",
                f"MOTCUA_ISSUERS: hai bên cấp mã có cùng {what}",
                f"two issuers have the same {what}",
            )
