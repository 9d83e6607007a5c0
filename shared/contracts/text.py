"""Text as it may come in: one spelling (NFC), no control characters, bounded."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from shared.domain.vietnamese import has_control_characters, normalised


def _clean(text: str) -> str:
    if has_control_characters(text):
        raise PydanticCustomError("motcua", "control characters", {"code": "control_characters"})
    text = text if text.isascii() and text == text.strip() and "  " not in text else normalised(text)
    if not text:
        raise PydanticCustomError("motcua", "empty", {"code": "required"})
    return text


Code = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_clean)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_clean)]
ShortLine = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_clean)]
LongLine = Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(_clean)]
