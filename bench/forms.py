"""Receipts a second as one process prints them: the words put on each, typeset, its QR code drawn, as PDF/A; each of
another dossier. As DOCX beside it. The counter prints one in the time that a page takes to load; a morning's queue, or
the reissue after a change of the calendar, is printed by the hundred."""

import asyncio
import time
from collections.abc import Callable
from datetime import date, timedelta
from datetime import time as time_of_day

from bench.figures import Figure, Goal
from bench.ground import Ground
from intake_service.deadlines.rules import history
from intake_service.forms import pdf, word
from intake_service.forms.rules import Entry, FormKind, chosen, editions
from intake_service.forms.wording import paper
from intake_service.forms.wording.phrases import office_of
from intake_service.forms.wording.shapes import Paper, Party, Subject
from services.reference import forms
from shared.domain.civil_time import at
from shared.domain.life import Happened
from shared.domain.lifecycle import EventKind
from shared.domain.terms import Due
from shared.domain.working_calendar import DEFAULT_SESSIONS
from shared.press.threads import pressed
from shared.web.problems import Problem

_GOAL = Goal("ours", "≥", 200)
_DAY = date(2026, 11, 23)
#: One DOCX for so many PDF: it is written on, not printed by the hundred.
_DOCX_SHARE = 10


def measure(ground: Ground) -> list[Figure]:
    """Receipts per second, the best of the rounds: the threads of one process, as in the service."""
    receipts = ground.scale.receipts
    asyncio.run(_rate(pdf.printed, 0, 20))  # the compilers are made
    best = max(asyncio.run(_rate(pdf.printed, round_ * receipts, receipts)) for round_ in range(ground.scale.rounds))
    some = max(10, receipts // _DOCX_SHARE)
    docx = max(asyncio.run(_rate(word.printed, round_ * some, some)) for round_ in range(ground.scale.rounds))
    size = len(pdf.printed(_receipt(0))) / 1024
    return [
        Figure("receipts as PDF", best, "/s", goal=_GOAL, note=f"one process; {size:.0f} KB each; as DOCX {docx:.0f}/s")
    ]


async def _rate(press: Callable[[Paper], bytes], first: int, count: int) -> float:
    """Receipts per second, with as many under way as the service lets wait."""
    under_way = asyncio.Semaphore(100)

    async def one(number: int) -> None:
        async with under_way:
            await pressed(press, _receipt(number))

    began = time.perf_counter()
    await asyncio.gather(*(one(first + number) for number in range(count)))
    return count / (time.perf_counter() - began)


def _receipt(number: int) -> Paper:
    """The receipt of the `number`-th dossier: from its event to what stands on it."""
    instant = at(_DAY, _OPENS) + timedelta(seconds=number)
    due = Due.on_day(_DAY + timedelta(days=10), DEFAULT_SESSIONS)
    told = history([Happened(EventKind.ACCEPTED, instant, due)])
    entries = [Entry(each, instant, "counter@19333", 1, {}) for each in told]
    sheet = chosen(editions(entries), _VERSIONS, FormKind.RECEIPT, None)
    assert not isinstance(sheet, Problem), "an accepted dossier has a receipt"
    code = f"19333-261123-{number:04d}"
    subject = Subject(
        code=code,
        office=office_of("UBND Phường Đông Hà", ["UBND tỉnh Quảng Trị"]),
        procedure="Cấp bản sao từ sổ gốc",
        summary="Bản sao trích lục khai sinh",
        party=Party(
            f"Nguyễn Thị Đào {number}",
            id_number=f"045190{number:06d}",
            phone="0905 000 001",
            address=f"{number} Hùng Vương, phường Đông Hà",
        ),
        documents=[
            {"name": name, "kind": kind, "count": 1}
            for name, kind in (("Tờ khai", "original"), ("Căn cước công dân", "copy"), ("Giấy ủy quyền", "original"))
        ],
        term="2 ngày làm việc",
        returned_by_post=False,
        tracking=f"https://motcua.quangtri.gov.vn/v1/track/{code}?secret=ABCDEFGHIJKLM{number % 1000:03d}",
    )
    return paper(sheet, subject, entries, [])


_OPENS = time_of_day(7, 0)
_VERSIONS = forms()
