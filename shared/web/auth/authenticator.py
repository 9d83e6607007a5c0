"""From a request to its principal. A token that was checked is remembered until it expires, and no longer than the key
that has signed it."""

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from hashlib import sha256
from secrets import token_bytes

from fastapi import Request

from shared.domain.agencies import Agency
from shared.domain.civil_time import civil_day
from shared.domain.personal import is_a_number, number_key
from shared.reference import Reference
from shared.web.auth.fetching import read_key_set
from shared.web.auth.issuers import Issuer
from shared.web.auth.keys import Key, Keys, Patience
from shared.web.auth.principals import Principal
from shared.web.auth.roles import Role
from shared.web.auth.tokens import Claims, Sealed, TokenRefused, need_unexpired
from shared.web.clock import now
from shared.web.problems import Problem, Reason
from shared.web.reasons import REASONS

_REMEMBERED_TOKENS = 4096
_REMEMBERED_SCOPES = 1000
_HIDDEN_BYTES = 16
_REALM = 'Bearer realm="motcua"'


@dataclass(frozen=True, slots=True)
class _Trusted:
    issuer: Issuer
    keys: Keys


@dataclass(frozen=True, slots=True)
class _Checked:
    claims: Claims
    key: Key
    keys: Keys


class Authenticator:
    """Checks tokens of the issuers that it is told to trust."""

    def __init__(
        self, issuers: Iterable[Issuer], patience: Patience = Patience(), *, secret: bytes | None = None
    ) -> None:
        """secret: what a citizen's subject is hidden by, where it is a number; None: by one of its own."""
        self._secret = secret or token_bytes(32)
        self._trusted = {
            issuer.issuer: _Trusted(issuer, Keys(issuer.issuer, partial(read_key_set, issuer), patience))
            for issuer in issuers
        }
        self._names = frozenset(trusted.issuer.name for trusted in self._trusted.values()) - {""}
        self._checked: OrderedDict[bytes, _Checked] = OrderedDict()
        self._scopes: dict[tuple[str, date, tuple[int, int]], tuple[Agency, frozenset[int], frozenset[int]]] = {}

    async def principal(self, request: Request, reference: Reference) -> Principal:
        """The holder of the request's token, or a Problem."""
        claims = await self.claims(_bearer(request), asyncio.get_running_loop().time())
        return Principal(claims.subject, claims.role, *self._scope(claims.agency, reference))

    async def identity(self, request: Request) -> str | None:
        """The identity number of the citizen who asks; None without a token, or with one of another role or without
        a number. A citizen needs no agency, and gets the scope of none. A bad token is a Problem."""
        if "authorization" not in request.headers:
            return None
        claims = await self.claims(_bearer(request), asyncio.get_running_loop().time())
        return claims.id_number if claims.role is Role.CITIZEN else None

    async def claims(self, token: str, at: float) -> Claims:
        """What a token says, or a Problem. `at`: seconds of the loop's clock, by which keys grow old."""
        try:
            return await self._claims(token, at)
        except TokenRefused as refused:
            raise _unauthenticated(refused.code) from refused

    async def stop(self) -> None:
        """Ask no issuer any more."""
        for trusted in self._trusted.values():
            await trusted.keys.stop()

    def _scope(self, code: str, reference: Reference) -> tuple[Agency, frozenset[int], frozenset[int]]:
        day = civil_day(now())  # in the key: at midnight a code may pass to another unit
        found = self._scopes.get((code, day, reference.revision))
        if found is None:
            agency = reference.agencies.latest(code, day)
            if agency is None:
                raise Problem("agency_out_of_scope")
            if len(self._scopes) > _REMEMBERED_SCOPES:
                self._scopes.clear()
            tree = reference.agencies
            found = agency, tree.scope(agency.id), tree.line(agency.id)
            self._scopes[(code, day, reference.revision)] = found
        return found

    async def _claims(self, token: str, at: float) -> Claims:
        digest = sha256(token.encode()).digest()
        instant = now().timestamp()
        known = self._checked.get(digest)
        if known is not None and known.key in await known.keys.ring(at):
            need_unexpired(known.claims.expires, instant)
            return known.claims
        known = await self._check(token, at, instant)
        self._checked[digest] = known
        if len(self._checked) > _REMEMBERED_TOKENS:
            self._checked.popitem(last=False)
        return known.claims

    async def _check(self, token: str, at: float, instant: float) -> _Checked:
        sealed = Sealed(token)
        trusted = self._trusted.get(sealed.issuer) if isinstance(sealed.issuer, str) else None
        if trusted is None:
            raise TokenRefused("token_issuer")
        if sealed.algorithm not in trusted.issuer.algorithms:
            raise TokenRefused("token_algorithm")
        kid = sealed.kid
        ring = await (trusted.keys.ring(at) if kid is None else trusted.keys.ring_naming(kid, at))
        found = ring.find(kid, sealed.algorithm)
        if found is None:
            raise TokenRefused("token_key")
        key, public = found
        claims = sealed.believed(public, trusted.issuer, instant)
        if not trusted.issuer.name and claims.subject.partition(":")[0] in self._names:
            raise TokenRefused("token_subject")  # it would be taken for another issuer's
        return _Checked(self._hidden(claims, trusted.issuer), key, trusted.keys)

    def _hidden(self, claims: Claims, issuer: Issuer) -> Claims:
        """A citizen whose issuer calls them by their identity number is called otherwise: the subject stands in events,
        for good, and in what is handed to a third party."""
        subject = claims.subject.removeprefix(f"{issuer.name}:")
        number = number_key(claims.id_number or "")
        if claims.role is not Role.CITIZEN or not (is_a_number(subject) or (number and number in number_key(subject))):
            return claims
        hidden = hmac.digest(self._secret, claims.subject.encode(), sha256)[:_HIDDEN_BYTES].hex()
        return replace(claims, subject=f"{issuer.name}:#{hidden}" if issuer.name else f"#{hidden}")


def _bearer(request: Request) -> str:
    header = request.headers.get("authorization", "")
    if header[:7].lower() != "bearer ":
        raise Problem("unauthenticated", headers={"WWW-Authenticate": _REALM})
    return header[7:].strip()


def _unauthenticated(code: str) -> Problem:
    """With the reason in the body, and where RFC 6750 wants it."""
    told = {"WWW-Authenticate": f'{_REALM}, error="invalid_token", error_description="{REASONS[code][1]}"'}
    return Problem("unauthenticated", Reason("Authorization", code), headers=told)
