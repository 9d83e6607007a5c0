"""How often anybody may ask: by the holder of a token, by client address, and for guesses by what is guessed at.

Each process counts for itself: of a service that runs n times a client may get n times as much.
"""

from ipaddress import IPv6Address, ip_address
from math import ceil

from fastapi import Request

from shared.web.problems import Problem
from shared.web.rate import Allowance, Buckets, Rate
from shared.web.settings import Settings

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
#: A machine asks for many: so many times as often.
MACHINES = 10
#: No name of a dossier is longer; what is longer shares a bucket, so that no key takes more memory.
_LONGEST_NAME = 60
#: A home or a machine has a whole /64 of addresses: it is one client.
_IPV6_HOST_BITS = 64


class Limits:
    """What is left to whom, in a memory that is bounded whatever comes."""

    def __init__(self, settings: Settings) -> None:
        self._proxies = settings.trusted_proxies
        self._clients = Buckets(Rate(settings.public_per_minute, _MINUTE), settings.limited_keys)
        self._holders = _buckets(settings.calls_per_minute, settings.limited_keys)
        self._machines = _buckets(settings.calls_per_minute * MACHINES, settings.limited_keys)
        self._addresses = _buckets(settings.address_calls_per_minute, settings.limited_keys)
        sought = settings.numbers_sought_per_hour
        self._seekers = _buckets(sought, settings.limited_keys, _HOUR)
        self._seeking_machines = _buckets(sought * MACHINES, settings.limited_keys, _HOUR)
        self._petitions = Buckets(Rate(settings.petitions_per_hour, _HOUR), settings.limited_keys)
        self._guesses = Buckets(Rate(settings.wrong_secrets_per_hour, _HOUR), settings.limited_keys)
        self._retold = Buckets(Rate(settings.wrong_secrets_per_hour, _DAY), settings.limited_keys)

    def call(self, subject: str, now: float, *, machine: bool) -> dict[str, str]:
        """Count one request of the holder of a token: the headers that tell what is left; none without a limit. A
        Problem where nothing is left."""
        buckets = self._machines if machine else self._holders
        return _taken("token", buckets, subject, now) if buckets is not None else {}

    def come(self, request: Request, now: float) -> None:
        """Count one request of an address, whatever it asks. A Problem where there were too many."""
        if self._addresses is not None:
            _taken("address", self._addresses, client_of(request, self._proxies), now)

    def ask(self, request: Request, now: float) -> dict[str, str]:
        """Count one request of its client: the headers that tell what is left. A Problem where nothing is."""
        return _taken("client", self._clients, client_of(request, self._proxies), now)

    def petition(self, request: Request, now: float) -> None:
        """Count one petition that a client sends. A Problem where there were too many."""
        _taken("petitions", self._petitions, client_of(request, self._proxies), now)

    def seek(self, subject: str, now: float, *, machine: bool) -> None:
        """Count one search by somebody's number, whatever it finds. A Problem where there were too many: whoever sees a
        number masked could try out what is masked of it."""
        buckets = self._seeking_machines if machine else self._seekers
        if buckets is not None:
            _taken("numbers", buckets, subject, now)

    def guess(self, name: str, now: float) -> None:
        """Count one wrong secret offered for `name`, whether there is such a dossier or not. A Problem where there were
        too many. The right secret is never refused: a guesser cannot lock out whoever holds the paper."""
        allowance = self._guesses.take(name[:_LONGEST_NAME], now)
        if not allowance.granted:
            raise _refused(allowance, _headers("secret", self._guesses.rate, allowance))

    def may_retell(self, record: bytes, now: float) -> bool:
        """Whether an imported record may be held against what it said before."""
        return self._retold.has(record.hex(), now)

    def retold(self, record: bytes, now: float) -> None:
        """Count one time that an imported record was told otherwise than before: whoever sees a number masked could try
        out, file by file, with which it is the same. Beyond the limit none is, the right one neither."""
        self._retold.take(record.hex(), now)


def client_of(request: Request, trusted_proxies: int) -> str:
    """The address that a request comes from: of the wire, or of what the outermost of so many trusted proxies saw. Each
    proxy adds at the end of X-Forwarded-For whom it saw: what stands before, the client may have invented."""
    wire = request.client.host if request.client else ""
    if trusted_proxies:
        told = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        seen = told[-trusted_proxies].strip() if len(told) >= trusted_proxies else ""
        return _host(seen) or _host(wire) or wire
    return _host(wire) or wire


def _host(text: str) -> str | None:
    """An address as one client is counted by; None if it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or int(address) >> _IPV6_HOST_BITS)
    return str(address)


def _buckets(quota: int, keys: int, seconds: float = _MINUTE) -> Buckets | None:
    return Buckets(Rate(quota, seconds), keys) if quota else None


def _taken(name: str, buckets: Buckets, key: str, now: float) -> dict[str, str]:
    allowance = buckets.take(key, now)
    told = _headers(name, buckets.rate, allowance)
    if not allowance.granted:
        raise _refused(allowance, told)
    return told


def _headers(name: str, rate: Rate, allowance: Allowance) -> dict[str, str]:
    """As the IETF draft on RateLimit header fields has them: the quota and its window, what is left, and when more."""
    return {
        "RateLimit-Policy": f'"{name}";q={rate.quota};w={ceil(rate.seconds)}',
        "RateLimit": f'"{name}";r={allowance.left};t={ceil(allowance.wait)}',
    }


def _refused(allowance: Allowance, told: dict[str, str]) -> Problem:
    return Problem("too_many_requests", headers={**told, "Retry-After": str(max(1, ceil(allowance.wait)))})
