"""Who changes what has a version says which one the change was decided upon: `If-Match`, with the `ETag` as read. Who
reads again says what it has: `If-None-Match`."""

import re
from typing import Annotated

from fastapi import Header, Request

from shared.web.problems import invalid

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=40,
        description="Its ETag as read: refused if it was changed since",
        examples=['"1"'],
    ),
]


#: No version has it.
_NONE = -1
#: RFC 9110 8.8.3. A proxy that compresses an answer makes its tag a weak one: what stands in it is compared.
_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e]*)"')


def tag_of(if_match: str | None) -> str | None:
    """What stands in the ETag that a client has read; None: whichever holds. A header that no ETag can be is malformed
    (422); an ETag that is not the one that holds is a precondition that failed (412), whoever made it up."""
    if if_match is None or if_match == "*":
        return None
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise invalid("If-Match", "malformed", expected='"1"')
    return found[1]


def known_to(request: Request) -> str | None:
    """The ETags of what a client has. A list may come as several lines of the header (RFC 9110 5.3)."""
    return ", ".join(request.headers.getlist("if-none-match")) or None


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Whether a client has what it asks for: one of its ETags is the one that holds, weak or not (RFC 9110 13.1.2)."""
    known = [each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")]
    return etag in known or known == ["*"]


def version_of(if_match: str | None) -> int | None:
    """The version that a client has read; None: whichever it is."""
    tag = tag_of(if_match)
    if tag is None:
        return None
    return int(tag) if tag.isdigit() and len(tag) < 10 else _NONE
