"""Who is asking: bearer tokens, roles, and the part of the agency tree that a token covers.

First plain form: RS256, ES256 or EdDSA tokens of one issuer, keys from a JWKS file or address.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any

import httpx
from fastapi import Depends, Request
from fastapi.routing import APIRoute
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.domain.agencies import Agency
from shared.domain.civil_time import civil_day
from shared.reference import Reference
from shared.web.clock import now
from shared.web.problems import Problem, invalid
from shared.web.settings import Settings

#: Pinned: neither `none` nor an HMAC over a public key is ever accepted.
ALGORITHMS = ("RS256", "ES256", "EdDSA")
CLOCK_SKEW_SECONDS = 30
_REMEMBERED_TOKENS = 4096
_JWKS_SECONDS = 600.0
_LAST_INSTANT = 7_258_118_400  # the year 2200; milliseconds by mistake lie far beyond


class Role(StrEnum):
    """What a token's holder is."""

    CITIZEN = "citizen"
    COUNTER = "counter"
    HANDLER = "handler"
    LEADER = "leader"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    MACHINE = "machine"


STAFF = (Role.COUNTER, Role.HANDLER, Role.LEADER, Role.SUPERVISOR, Role.ADMIN, Role.MACHINE)


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a token. `scope`: ids of the agencies it covers, successors' predecessors included."""

    subject: str
    role: Role
    agency: Agency
    scope: frozenset[int]

    def covers(self, agency_id: int) -> bool:
        """Whether the agency lies in the token's part of the tree."""
        return agency_id in self.scope


@dataclass(frozen=True, slots=True)
class _Claims:
    subject: str
    role: Role
    agency: str
    expires: float
    id_number: str | None = None


class Authenticator:
    """Checks tokens, and remembers those it has checked until they expire."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: KeySet | None = None
        self._fetched = 0.0
        self._checked: OrderedDict[bytes, _Claims] = OrderedDict()
        self._scopes: dict[tuple[str, date, tuple[int, int]], tuple[Agency, frozenset[int]]] = {}

    async def principal(self, request: Request, reference: Reference) -> Principal:
        """The holder of the request's token, or a Problem."""
        claims = await self._claims(_bearer(request))
        agency, scope = self._scope(claims.agency, reference)
        return Principal(claims.subject, claims.role, agency, scope)

    async def identity(self, request: Request) -> str | None:
        """The identity number of the citizen who asks; None without a token, or with one of another role or without
        a number. A citizen needs no agency, and gets the scope of none. A bad token is a Problem."""
        if "authorization" not in request.headers:
            return None
        claims = await self._claims(_bearer(request))
        return claims.id_number if claims.role is Role.CITIZEN else None

    def _scope(self, code: str, reference: Reference) -> tuple[Agency, frozenset[int]]:
        day = civil_day(now())  # in the key: at midnight a code may pass to another unit
        found = self._scopes.get((code, day, reference.revision))
        if found is None:
            agency = reference.agencies.latest(code, day)
            if agency is None:
                raise Problem("agency_out_of_scope")
            if len(self._scopes) > 1000:
                self._scopes.clear()
            found = self._scopes[(code, day, reference.revision)] = (agency, reference.agencies.scope(agency.id))
        return found

    async def _claims(self, token: str) -> _Claims:
        digest = sha256(token.encode()).digest()
        known = self._checked.get(digest)
        instant = now().timestamp()
        if known is None:
            known = self._verified(token, await self._key_set(), instant)
            self._checked[digest] = known
            if len(self._checked) > _REMEMBERED_TOKENS:
                self._checked.popitem(last=False)
        if known.expires + CLOCK_SKEW_SECONDS < instant:
            raise Problem("unauthenticated")
        return known

    def _verified(self, token: str, keys: KeySet, instant: float) -> _Claims:
        try:
            claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
            if claims["iss"] != self._settings.issuer:
                raise ValueError("issuer")
            audience = claims["aud"]
            if self._settings.audience not in (audience if isinstance(audience, list) else [audience]):
                raise ValueError("audience")
            if max(_instant(claims.get("nbf", 0)), _instant(claims.get("iat", 0))) - CLOCK_SKEW_SECONDS > instant:
                raise ValueError("not yet valid")
            subject = claims["sub"]
            if not isinstance(subject, str) or not subject.strip() or not subject.isprintable() or len(subject) > 200:
                raise ValueError("subject")
            role = Role(claims[self._settings.role_claim])
            number = claims.get(self._settings.id_number_claim)
            return _Claims(
                subject,
                role,
                str(claims.get(self._settings.agency_claim, "")),
                _instant(claims["exp"]),
                number if isinstance(number, str) and number.strip() else None,
            )
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise Problem("unauthenticated") from error

    async def _key_set(self) -> KeySet:
        loop_time = asyncio.get_running_loop().time()
        if self._keys is None or (self._settings.jwks_url and loop_time - self._fetched > _JWKS_SECONDS):
            self._keys = KeySet.import_key_set(await self._read_jwks())
            self._fetched = loop_time
        return self._keys

    async def _read_jwks(self) -> Any:
        import json

        if self._settings.jwks_file is not None:
            return json.loads(self._settings.jwks_file.read_text())
        if self._settings.jwks_url is None:
            raise Problem("unavailable")
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                answer = await client.get(self._settings.jwks_url)
                answer.raise_for_status()
                return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Problem("unavailable") from error


def _bearer(request: Request) -> str:
    header = request.headers.get("authorization", "")
    if header[:7].lower() != "bearer ":
        raise Problem("unauthenticated")
    return header[7:].strip()


def _instant(value: object) -> float:
    """A NumericDate of our times (RFC 7519): seconds since 1970. NaN and infinity are JSON to Python, and no time."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_INSTANT:
        raise ValueError("no instant")
    return float(value)


async def _principal(request: Request) -> Principal:
    room = request.app.state.room
    principal: Principal = await room.authenticator.principal(request, room.reference.current)
    return principal


class Allows:
    """A dependency that lets the named roles pass. A test walks all routes and demands one, or `public`."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)

    async def __call__(self, request: Request) -> Principal:
        principal = await _principal(request)
        if principal.role not in self.roles:
            raise Problem("forbidden")
        return principal


def roles_of(route: APIRoute) -> frozenset[Role] | None:
    """The roles that an endpoint is for; None: it is public."""
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, Allows):
            return dependency.call.roles
    return None


def allows(*roles: Role) -> Any:
    """`Annotated[Principal, allows(Role.COUNTER)]`: the endpoint is for these roles."""
    return Depends(Allows(*roles))


Staff = Annotated[Principal, allows(*STAFF)]


def asked_scope(code: str | None, reference: Reference, principal: Principal, day: Any) -> frozenset[int]:
    """The agencies that a list is about: all that the caller covers, or those of them that are or stand under the one
    that a filter names, as asked_agency() reads it."""
    if code is None:
        return principal.scope
    return reference.agencies.scope(asked_agency(code, reference, principal, day).id) & principal.scope


def asked_agency(code: str, reference: Reference, principal: Principal, day: Any) -> Agency:
    """The agency that a filter names, in force on `day` or the last to carry the code; a Problem if out of scope."""
    agency = reference.agencies.on(code, day) or reference.agencies.latest(code, day)
    if agency is None:
        raise invalid("agency", "unknown_agency")
    if not principal.covers(agency.id):
        raise Problem("agency_out_of_scope")
    return agency
