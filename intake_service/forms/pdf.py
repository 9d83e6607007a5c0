"""The press for PDF: a `Paper` as data that the typesetter can set, whatever was typed into it."""

from io import BytesIO
from pathlib import Path
from typing import Any

import orjson

from intake_service.forms.qr import code_of
from intake_service.forms.wording.shapes import Paper
from shared.press import typeset
from shared.press.glyphs import fitted

_LAYOUT = Path(__file__).parent / "form.typ"
#: A longer word than this is broken: in an upright form, in the narrow columns of a ledger.
_UPRIGHT, _WIDE = 40, 26


def printed(paper: Paper) -> bytes:
    """A form as PDF/A-2b. The same form is the same bytes: its date is the form's own."""
    return typeset.pdf(_LAYOUT, _data(paper), int(paper.made_at.timestamp()))


def pictured(paper: Paper, ppi: float = 110) -> list[bytes]:
    """Its pages as PNG, to be looked at."""
    return typeset.pictures(_LAYOUT, _data(paper), ppi)


def _data(paper: Paper) -> str:
    told: dict[str, Any] = orjson.loads(orjson.dumps(paper))
    told = fitted(told, _WIDE if paper.landscape else _UPRIGHT)
    told["qr"] = _qr(paper.qr) if paper.qr else None
    told["long"] = paper.may_be_long
    return orjson.dumps(told).decode()


def _qr(address: str) -> str:
    drawn = BytesIO()
    code_of(address).save(drawn, kind="svg", xmldecl=False, border=2)
    return drawn.getvalue().decode()
