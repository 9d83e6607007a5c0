"""Whether a token is what it claims to be (RFC 7519, RFC 8725), and what it says then.

Which issuer is asked, is read from the token; by which keys and algorithms it is checked, from the settings alone. Of
its header only `alg`, `kid`, `typ` and `crit` are looked at: keys and addresses in it (`jwk`, `jku`, `x5u`) lead
nowhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.web.auth.issuers import Issuer
from shared.web.auth.roles import Role

CLOCK_SKEW_SECONDS = 30
LONGEST_TOKEN = 16_384
_LAST_INSTANT = 7_258_118_400  # the year 2200; milliseconds by mistake lie far beyond
_LONGEST_SUBJECT = 200
_ROLES: Mapping[str, Role] = {role.value: role for role in Role}
#: What an access token may call itself (RFC 9068); a log-out token or a proof of possession is none.
_TYPES = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt"})
#: Claims that an access token for any bearer has not: it is bound to a key, or says who logged in (an ID token).
_NOT_OURS = ("cnf", "at_hash", "c_hash")


class TokenRefused(Exception):
    """A token that opens nothing. `code` stands in the table of reasons."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says, once it is believed."""

    subject: str
    role: Role
    agency: str
    expires: float
    id_number: str | None = None


class _Registry(jws.JWSRegistry):
    """A certificate chain in a header is long, and left aside."""

    max_header_length = 8_192
    max_payload_length = LONGEST_TOKEN


_LAX = _Registry(strict_check_header=False)
_REGISTRIES: dict[tuple[str, ...], jws.JWSRegistry] = {}


class Sealed:
    """A token taken apart, and not believed yet."""

    def __init__(self, token: str) -> None:
        """Raises TokenRefused."""
        if len(token) > LONGEST_TOKEN:
            raise TokenRefused("token_malformed")
        try:
            self._parts = jws.extract_compact(token.encode("ascii"), registry=_LAX)
            header, said = self._parts.headers(), orjson.loads(self._parts.payload or b"")
            self._said: dict[str, Any] = said
            self.algorithm: str = header["alg"]
            self.kid: str | None = header.get("kid")
            kind = header.get("typ", "JWT")
            if not isinstance(said, dict) or not isinstance(self.algorithm, str):
                raise TokenRefused("token_malformed")
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise TokenRefused("token_malformed") from error
        if not isinstance(self.kid, str | None) or not isinstance(kind, str):
            raise TokenRefused("token_malformed")
        if (
            kind.lower() not in _TYPES
            or "crit" in header
            or "b64" in header
            or any(name in said for name in _NOT_OURS)
            or said.get("typ") == "ID"  # as Keycloak calls it
        ):
            raise TokenRefused("token_of_another_kind")

    @property
    def issuer(self) -> object:
        """Who it says has issued it."""
        return self._said.get("iss")

    def believed(self, key: RSAKey | ECKey | OKPKey, issuer: Issuer, instant: float) -> Claims:
        """What it says, if this key of this issuer has signed it and it holds now. Raises TokenRefused."""
        try:
            good = jws.validate_compact(self._parts, key, registry=_registry(issuer.algorithms))
        except (JoseError, ValueError, TypeError) as error:
            raise TokenRefused("token_signature") from error
        if not good:
            raise TokenRefused("token_signature")
        return _claims(self._said, issuer, instant)


def _registry(algorithms: tuple[str, ...]) -> jws.JWSRegistry:
    """That knows the algorithms of an issuer, and no others."""
    found = _REGISTRIES.get(algorithms)
    if found is None:
        found = _REGISTRIES[algorithms] = _Registry(algorithms=algorithms, strict_check_header=False)
    return found


def _claims(said: Mapping[str, Any], issuer: Issuer, instant: float) -> Claims:
    expires = _instant(said.get("exp"))
    need_unexpired(expires, instant)
    if max(_instant(said.get("nbf", 0)), _instant(said.get("iat", 0))) - CLOCK_SKEW_SECONDS > instant:
        raise TokenRefused("token_not_yet")
    audience = said.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not any(isinstance(name, str) and name in issuer.audience for name in named):
        raise TokenRefused("token_audience")
    subject = said.get("sub")
    if (
        not isinstance(subject, str)
        or not subject.strip()
        or not subject.isprintable()
        or len(subject) > _LONGEST_SUBJECT
    ):
        raise TokenRefused("token_subject")
    role, agency = _part(said, issuer)
    number = _at(said, issuer.id_number_claim)
    return Claims(
        f"{issuer.name}:{subject}" if issuer.name else subject,
        role,
        agency,
        expires,
        number if isinstance(number, str) and number.strip() else None,
    )


def need_unexpired(expires: float, instant: float) -> None:
    """Raises TokenRefused."""
    if expires + CLOCK_SKEW_SECONDS < instant:
        raise TokenRefused("token_expired")


def _part(said: Mapping[str, Any], issuer: Issuer) -> tuple[Role, str]:
    """The role and the agency: of a machine those that the settings give to it, else those that the token names."""
    names = {said[name] for name in ("azp", "client_id") if isinstance(said.get(name), str)}
    if issuer.clients and not names.isdisjoint(issuer.clients):
        # Somebody who logged in by a machine's client is no machine.
        if len(names) > 1 or "auth_time" in said:
            raise TokenRefused("token_client")
        client = issuer.clients[names.pop()]
        return client.role, client.agency
    role = issuer.role or _role(_at(said, issuer.role_claim), issuer.role_map)
    if role not in issuer.roles:
        raise TokenRefused("token_role")
    agency = _at(said, issuer.agency_claim)
    return role, (agency if isinstance(agency, str) else "") or issuer.agency or ""


def _role(told: object, meant: Mapping[str, Role]) -> Role | None:
    """One role. Of several nobody could say which was meant; a list holds other things too, so a map must read it."""
    if not meant:
        return _ROLES.get(told) if isinstance(told, str) else None
    values: Sequence[object] = told if isinstance(told, list) else [told]
    found = {meant[value] for value in values if isinstance(value, str) and value in meant}
    return found.pop() if len(found) == 1 else None


def _at(said: object, path: Sequence[str]) -> object:
    for name in path:
        said = said.get(name) if isinstance(said, dict) else None
    return said


def _instant(value: object) -> float:
    """A NumericDate of our times (RFC 7519): seconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_INSTANT:
        raise TokenRefused("token_malformed")
    return float(value)
