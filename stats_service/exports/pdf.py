"""The press for PDF: PDF/A-2b, A4 landscape, the heading repeated on every page, with the one font of the forms."""

from pathlib import Path
from typing import IO, Any

import orjson

from shared.press import typeset
from shared.press.glyphs import fitted
from shared.press.threads import wanted
from stats_service.exports.table import ALIGNED, Filled, heading
from stats_service.exports.table import printed as shown

_LAYOUT = Path(__file__).parent / "table.typ"
_LONGEST_WORD = 26


def printed(filled: Filled, file: IO[bytes]) -> None:
    """The whole table into a file."""
    file.write(typeset.pdf(_LAYOUT, _data(filled), int(filled.table.dated.timestamp())))


def pictured(filled: Filled, ppi: float = 110) -> list[bytes]:
    """Its pages as PNG, to be looked at."""
    return typeset.pictures(_LAYOUT, _data(filled), ppi)


def _data(filled: Filled) -> str:
    table, named = filled.table, filled.table.named
    told: dict[str, Any] = {
        "title": table.title,
        "left": table.left,
        "right": table.right,
        "subtitles": table.subtitles,
        "warning": table.warning,
        "unit": table.unit,
        "notes": table.notes,
        "signatures": table.signatures,
        "widths": [column.width for column in table.columns],
        "aligned": [ALIGNED[column.kind] for column in table.columns],
        "head": heading(table.columns),
        "numbered": any(column.number for column in table.columns),
        "rows": [
            {
                "strong": row.kind != "line",
                "cells": [
                    "\u2002" * (2 * row.depth) * (column is named) + shown(column.kind, value)
                    for column, value in zip(table.columns, row.values, strict=True)
                ],
            }
            for row in wanted(filled.rows)
        ],
    }
    plain: dict[str, Any] = orjson.loads(orjson.dumps(told))
    return orjson.dumps(fitted(plain, _LONGEST_WORD)).decode()
