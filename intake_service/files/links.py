"""Links by which a file is fetched without a token: for one file, until an instant, signed. Pure.

Nobody guesses one, and a changed one is none. Whoever holds it reads the file: it is given to the national database
alone. A changed key ends all of them.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from shared.web.settings import FileLinks

PATH = "/v1/public/files"
#: Base64 of 32 bytes, without the sign that fills it up.
SIGNATURE = "^[A-Za-z0-9_-]{43}$"
#: What is signed for one purpose holds for no other.
_FOR = "a file is fetched"


def addresses(links: FileLinks | None, now: datetime) -> Callable[[str], str] | None:
    """Where a file is fetched from now on, by its id; None where the installation has no such place."""
    if links is None:
        return None
    until = int((now + timedelta(days=links.days)).timestamp())

    def address(file_id: str) -> str:
        signature = _signature(links, UUID(file_id), until)
        return f"{links.address}{PATH}/{file_id}/content?until={until}&signature={signature}"

    return address


def holds(links: FileLinks | None, file_id: UUID, until: int, signature: str, now: datetime) -> bool:
    """Whether a link is one of ours, and is not over."""
    if links is None:
        return False
    ours = hmac.compare_digest(_signature(links, file_id, until), signature)
    return ours and now.timestamp() < until


def _signature(links: FileLinks, file_id: UUID, until: int) -> str:
    digest = hmac.digest(links.key.encode(), f"{_FOR}\n{file_id}\n{until}".encode(), sha256)
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
