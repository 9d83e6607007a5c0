"""Talking to the national database as its adapter expects it: a session, a service by name, an answer with a code."""

import asyncio
import re
from codecs import BOM_UTF8
from typing import Any, NamedTuple

import httpx
import orjson

from intake_service.national.rules import LONGEST_CODE, LONGEST_WORDS, is_success
from shared.web.settings import NationalPlace
from shared.web.tls import authorities

#: An answer is a few kilobytes; a catalogue may be some megabytes.
MOST_BYTES = 64 * 1024 * 1024
#: What JSON can say and no text of the database holds: kept, it would hold up all that was answered with it.
_NUL = rb"\u0000"
_ESCAPED = re.compile(rb"\\(?:u0000|.)", re.DOTALL)
_TIMEOUT = httpx.Timeout(60, connect=5)
#: Seconds for a whole call: an answer that comes byte by byte never keeps a single read waiting.
LONGEST_CALL = 120.0
#: Of a gateway that waited no longer for what stands behind it.
_GAVE_UP = (httpx.codes.BAD_GATEWAY, httpx.codes.GATEWAY_TIMEOUT)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_NOT_LET_IN = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


class NationalUnavailable(Exception):
    """Nothing came that could be an answer: nobody knows whether it was carried out."""


class Unanswered(NationalUnavailable):
    """It was sent, and may still be worked on over there."""


class NotLetIn(NationalUnavailable):
    """The session is not known, or not any more."""


class Answer(NamedTuple):
    """What the national side answered. code: 0 and 00 mean done."""

    code: str
    message: str
    result: list[Any]

    @property
    def done(self) -> bool:
        """Whether it was carried out."""
        return is_success(self.code)

    @property
    def of_items(self) -> bool:
        """Whether it says of single items what became of them."""
        return any(isinstance(one, dict) and "error_code" in one for one in self.result)


class NationalClient:
    """Calls, at most so many a minute. Logs in when it has to, and once more where a session has run out."""

    def __init__(self, http: httpx.AsyncClient, place: NationalPlace) -> None:
        self._http = http
        self._place = place
        self._session: str | None = None
        self._logging_in = asyncio.Lock()
        self._next = 0.0

    async def integrate(self, service: str, **params: Any) -> Answer:
        """Call a service that takes or tells of dossiers. Raises NationalUnavailable."""
        return await self._call(self._place.integration_url, service, params)

    async def share(self, service: str, **params: Any) -> Answer:
        """Call a service of the catalogue. Raises NationalUnavailable."""
        return await self._call(self._place.share_url, service, params)

    async def _call(self, url: str, service: str, params: dict[str, Any]) -> Answer:
        session, fresh = await self._current()
        try:
            answer = await self._asked(url, session, service, params)
        except NotLetIn:
            if fresh:
                raise
        else:
            if answer.done or fresh or answer.of_items:
                return answer
        # No code is known for a session that has run out: whatever is refused as a whole under one that was there
        # before is asked once more under a new one.
        self._forget(session)
        session, _ = await self._current()
        return await self._asked(url, session, service, params)

    async def _asked(self, url: str, session: str, service: str, params: dict[str, Any]) -> Answer:
        return await self._post(url, {"session": session, "madonvi": self._place.unit, "service": service, **params})

    def _forget(self, session: str) -> None:
        if self._session == session:
            self._session = None

    async def _current(self) -> tuple[str, bool]:
        """The session, and whether it was made for this call."""
        async with self._logging_in:
            if self._session is not None:
                return self._session, False
            who = {"username": self._place.username, "password": self._place.password}
            answer, session = await self._posted(self._place.auth_url, who)
            if not answer.done or not isinstance(session, str) or not session:
                raise NationalUnavailable(f"login refused with code {answer.code[:20]}")
            self._session = session
            return session, True

    async def _post(self, url: str, body: dict[str, Any]) -> Answer:
        answer, _ = await self._posted(url, body)
        return answer

    async def _posted(self, url: str, body: dict[str, Any]) -> tuple[Answer, object]:
        await self._pace()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Charset": "utf-8",
            "dstcode": self._place.destination,
        }
        try:
            async with (
                asyncio.timeout(LONGEST_CALL),
                self._http.stream("POST", url, content=orjson.dumps(body), headers=headers) as response,
            ):
                if response.status_code in _NOT_LET_IN:
                    raise NotLetIn(f"status {response.status_code}")
                if response.status_code in _GAVE_UP:
                    raise Unanswered(f"status {response.status_code}")
                if response.status_code != httpx.codes.OK:
                    raise NationalUnavailable(f"status {response.status_code}")
                content = bytearray()
                async for block in response.aiter_bytes():
                    content += block
                    if len(content) > MOST_BYTES:
                        raise NationalUnavailable("more than an answer can be")
        except _NOT_SENT as error:
            raise NationalUnavailable(type(error).__name__) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unanswered(type(error).__name__) from error
        return _read(bytes(content))

    async def _pace(self) -> None:
        """Calls begin at even distances."""
        loop = asyncio.get_running_loop()
        at = max(self._next, loop.time())
        self._next = at + 60 / self._place.calls_per_minute
        await asyncio.sleep(max(0.0, at - loop.time()))


def http_for_it() -> httpx.AsyncClient:
    """A client of its own: the one between our services carries their token. Redirects are not followed."""
    return httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, verify=authorities(trust_env=False))


def _read(content: bytes) -> tuple[Answer, object]:
    content = content.removeprefix(BOM_UTF8)
    try:
        if _NUL in content:
            content = _ESCAPED.sub(lambda found: b"" if found[0] == _NUL else found[0], content)
        said = orjson.loads(content)
        orjson.dumps(said)  # what is nested too deep can be read and not be kept
    except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
        raise NationalUnavailable("no JSON") from error
    if not isinstance(said, dict) or not isinstance(said.get("error_code"), int | str):
        raise NationalUnavailable("no error_code")
    result = said.get("result")
    message = said.get("message")
    answer = Answer(
        str(said["error_code"])[:LONGEST_CODE],
        message[:LONGEST_WORDS] if isinstance(message, str) else "",
        result if isinstance(result, list) else [],
    )
    return answer, said.get("session")
