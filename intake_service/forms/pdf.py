"""The press for PDF: a `Paper` as data that the typesetter can set, whatever was typed into it."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from struct import unpack_from
from typing import Any

import orjson

from intake_service.forms import typeset
from intake_service.forms.press import code_of
from intake_service.forms.wording.shapes import Paper

MEDIA_TYPE = "application/pdf"
#: What the font cannot show is shown as this, as a PDF/A may not hold it: the paper shows that something is missing.
_MISSING = "□"
#: A longer word than this is broken, every so many characters: in an upright form, in the narrow columns of a ledger.
_UPRIGHT, _WIDE, _BROKEN_EVERY = 40, 26, 12
_PIECE = re.compile(rf"\S{{{_BROKEN_EVERY}}}")

#: What is surely room for on one page.
_ROWS_OF_A_PAGE, _LETTERS_OF_A_PAGE = 6, 1500


def printed(paper: Paper) -> bytes:
    """A form as PDF/A-2b. The same form is the same bytes: its date is the form's own."""
    return typeset.pdf(_data(paper), int(paper.made_at.timestamp()))


def pictured(paper: Paper, ppi: float = 110) -> list[bytes]:
    """Its pages as PNG, to be looked at."""
    return typeset.pictures(_data(paper), ppi)


def _data(paper: Paper) -> str:
    told: dict[str, Any] = orjson.loads(orjson.dumps(paper))
    told = _fitted(told, _WIDE if paper.landscape else _UPRIGHT)
    told["qr"] = _qr(paper.qr) if paper.qr else None
    told["long"] = _may_be_long(paper)
    return orjson.dumps(told).decode()


def _may_be_long(paper: Paper) -> bool:
    """Whether it may take more than a page: those are numbered."""
    rows = sum(len(block.table.rows) for block in paper.blocks if block.table)
    letters = sum(len(block.text) + sum(len(value) for _, value in block.fields) for block in paper.blocks)
    return rows > _ROWS_OF_A_PAGE or letters > _LETTERS_OF_A_PAGE


def _fitted(value: Any, longest: int) -> Any:
    """With a box for what the font has not, and with places in words of more than `longest` characters where a line may
    end: nothing runs off the paper."""
    if isinstance(value, str):
        if not covered().issuperset(value):
            value = "".join(char if char in covered() else _MISSING for char in value)
        if len(value) <= longest or all(len(word) <= longest for word in value.split()):
            return value
        return re.sub(rf"\S{{{longest + 1},}}", lambda word: _PIECE.sub("\\g<0>\u200b", word.group()), value)
    if isinstance(value, Mapping):
        return {name: _fitted(each, longest) for name, each in value.items()}
    if isinstance(value, Sequence):
        return [_fitted(each, longest) for each in value]
    return value


def _qr(address: str) -> str:
    drawn = BytesIO()
    code_of(address).save(drawn, kind="svg", xmldecl=False, border=2)
    return drawn.getvalue().decode()


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
