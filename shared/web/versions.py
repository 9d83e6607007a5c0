"""Who changes what has a version says which one the change was decided upon: `If-Match`, with the `ETag` as read."""

from typing import Annotated

from fastapi import Header

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


def version_of(if_match: str | None) -> int | None:
    """The version that a client has read; None: whichever it is."""
    if if_match is None or if_match == "*":
        return None
    digits = if_match.removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise invalid("If-Match", "malformed", expected='"1"')
    return int(digits)
