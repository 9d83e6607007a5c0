"""What the one font can show, and where a word that is too long for its column may end."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from struct import unpack_from
from typing import Any

from shared.press import typeset

#: What the font cannot show is shown as this, as a PDF/A may not hold it: the paper shows that something is missing.
_MISSING = "□"
#: A word that is too long is broken every so many characters.
_BROKEN_EVERY = 12
_PIECE = re.compile(rf"\S{{{_BROKEN_EVERY}}}")


def fitted(value: Any, longest: int) -> Any:
    """With a box for what the font has not, and with places in words of more than `longest` characters where a line may
    end: nothing runs off the paper."""
    if isinstance(value, str):
        if not covered().issuperset(value):
            value = "".join(char if char in covered() else _MISSING for char in value)
        if len(value) <= longest or all(len(word) <= longest for word in value.split()):
            return value
        return re.sub(rf"\S{{{longest + 1},}}", lambda word: _PIECE.sub("\\g<0>\u200b", word.group()), value)
    if isinstance(value, Mapping):
        return {name: fitted(each, longest) for name, each in value.items()}
    if isinstance(value, Sequence):
        return [fitted(each, longest) for each in value]
    return value


@cache
def covered() -> frozenset[str]:
    """The characters that every face of the font has, and the end of a line."""
    faces = [_characters(file.read_bytes()) for file in sorted(typeset.FONTS.glob("*.ttf"))]
    return frozenset.intersection(*faces) | {"\n"}


def _characters(font: bytes) -> frozenset[str]:
    """What a TrueType font has glyphs for: its `cmap`, format 4 (OpenType, chapter cmap)."""
    tables = {font[at : at + 4]: unpack_from(">I", font, at + 8)[0] for at in range(12, 12 + 16 * 64, 16)}
    begin = tables[b"cmap"]
    (count,) = unpack_from(">H", font, begin + 2)
    places = [unpack_from(">HHI", font, begin + 4 + 8 * n) for n in range(count)]
    at = next(begin + offset for platform, encoding, offset in places if (platform, encoding) == (3, 1))
    (doubled,) = unpack_from(">H", font, at + 6)
    half = doubled // 2
    ends = unpack_from(f">{half}H", font, at + 14)
    starts = unpack_from(f">{half}H", font, at + 16 + doubled)
    return frozenset(chr(point) for start, end in zip(starts, ends, strict=True) for point in range(start, end + 1))
