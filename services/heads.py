"""What stands before a body is bounded: address and headers of a request, before anybody has looked at who asks. What
the parser takes for no request never reaches a room; it is refused with a problem, as all else is."""

from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.web.problems import LANGUAGES, MEDIA_TYPE, PROBLEMS, Reason, problem_body

#: A token has 16 KB at most; proxies in front take 8 to 32 KB in all.
MOST_BYTES = 65_536
#: A colon, a blank and the end of the line.
_BETWEEN = 4
_TOO_LARGE = {
    "type": "urn:motcua:problem:headers_too_large",
    "title": "Địa chỉ và phần đầu (headers) của yêu cầu quá lớn",
    "status": 431,
    "code": "headers_too_large",
    "errors": [],
}


_UNREAD = "http_error"
_WHY_UNREAD = (Reason("request", "not_http"),)


class _TooLarge(Exception):
    """Ends the parsing."""


class BoundedHeads(HttpToolsProtocol):
    """The parser takes a header of any length, and joins it piece by piece: one of 100 MB, from a stranger, took 26 s
    of a service that others waited for, and all of it was kept (measured on 27/11/2026)."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._told, self._awaited, self._within, self._refused = 0, 0, False, False

    def on_message_begin(self) -> None:
        """A request begins."""
        self._told, self._awaited, self._within = 0, 0, True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of its address."""
        self._take(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or one behind the body."""
        self._take(len(name) + len(value) + _BETWEEN)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """What follows is the body, which the room bounds."""
        self._within = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """A piece of whatever. Of a header that has not ended the parser tells nothing."""
        before = self._within
        super().data_received(data)
        if before and self._within and not self._refused:
            self._awaited += len(data)
            if self._awaited > MOST_BYTES:
                self._refuse()

    def send_400_response(self, msg: str) -> None:
        """What the parser could not take, or was not to. Which language is asked for was not read either."""
        if self._refused:
            self._refuse()
        else:
            status = PROBLEMS[_UNREAD][0]
            self._answer("400 Bad Request", problem_body(_UNREAD, _WHY_UNREAD, LANGUAGES[0], status))

    def _take(self, length: int) -> None:
        self._told += length
        if self._told > MOST_BYTES:
            self._refused = True
            raise _TooLarge

    def _refuse(self) -> None:
        self._refused = True
        self._answer("431 Request Header Fields Too Large", orjson.dumps(_TOO_LARGE))

    def _answer(self, status: str, body: bytes) -> None:
        """A problem, and the end."""
        head = (
            f"HTTP/1.1 {status}\r\n"
            f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
