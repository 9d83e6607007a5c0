"""Builders of forms without a database: a history of events, and the papers that it makes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from intake_service.deadlines.rules import history
from intake_service.forms.rules import Edition, Entry, FormKind, HandOver, Sheet, editions, version_on
from intake_service.forms.wording import paper
from intake_service.forms.wording.ledger import LedgerLine, ledger
from intake_service.forms.wording.phrases import office_of
from intake_service.forms.wording.shapes import Paper, Party, Subject
from services.reference import forms
from shared.domain.life import Happened
from shared.domain.lifecycle import EventKind
from shared.domain.terms import Due
from shared.domain.working_calendar import DEFAULT_SESSIONS
from tests.support import at

VERSIONS = forms()
ACCEPTED = Happened(EventKind.ACCEPTED, at("Monday 2019-07-22 10:30"), Due.on_day(date(2019, 8, 5), DEFAULT_SESSIONS))
TRACKING = "https://motcua.quangtri.gov.vn/v1/track/000.00.12.H50-190722-0001?secret=ABCDEFGHIJKLMNOP"
DOCUMENTS = [
    {"name": "Giấy chứng sinh", "kind": "original", "count": 1},
    {"name": "Giấy chứng nhận kết hôn", "kind": "certified_copy", "count": 2},
]


def happened(kind: EventKind, when: str | datetime, due: date | None = date(2019, 8, 5)) -> Happened:
    """An event with the date that it leaves, judged by its day."""
    instant = at(when) if isinstance(when, str) else when
    return Happened(kind, instant, Due.on_day(due, DEFAULT_SESSIONS) if due else None)


def entries(
    events: Sequence[Happened], said: Mapping[int, Mapping[str, Any]] | None = None, recorded: timedelta = timedelta()
) -> list[Entry]:
    """A history as the forms take it. said: of the event at that place, its payload, reason and detail."""
    more = said or {}
    return [
        Entry(each, each.event.at + recorded, "counter@19333", 1, *_said(more.get(place, {})))
        for place, each in enumerate(history(list(events)))
    ]


def _said(said: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None, Mapping[str, Any]]:
    return said.get("payload", {}), said.get("reason"), said.get("detail", {})


def a_subject(name: str = "Nguyễn Thị Đào", **changes: Any) -> Subject:
    """A dossier at the department of justice."""
    office = office_of("Sở Tư pháp", ["UBND tỉnh Quảng Trị"])
    party = Party(
        name, True, "045190000001", "0905 000 001", "dao@example.vn", "12 Hùng Vương, phường Đông Hà", "Trần Văn Bình"
    )
    values: dict[str, Any] = {
        "code": "000.00.12.H50-190722-0001",
        "office": office,
        "procedure": "Cấp Phiếu lý lịch tư pháp cho công dân Việt Nam",
        "summary": "Cấp phiếu số 1",
        "party": party,
        "documents": DOCUMENTS,
        "term": "10 ngày làm việc",
        "returned_by_post": False,
        "tracking": TRACKING,
        "agencies": {1: "Sở Tư pháp", 2: "Văn phòng UBND tỉnh"},
    }
    return Subject(**{**values, **changes})


def a_sheet(edition: Edition) -> Sheet:
    """An edition on the form of its day."""
    version = version_on(VERSIONS, edition.form, edition.made_at.date())
    assert version is not None
    return Sheet(edition, version)


def a_paper(
    kind: FormKind = FormKind.RECEIPT,
    subject: Subject | None = None,
    told: Sequence[Entry] | None = None,
    hand_overs: Sequence[HandOver] = (),
) -> Paper:
    """The newest form of a kind; a receipt of one accepted on Monday 22/7/2019 unless told otherwise."""
    so_far = told if told is not None else entries([ACCEPTED])
    newest = [each for each in editions(so_far, hand_overs) if each.kind is kind][-1]
    return paper(a_sheet(newest), subject or a_subject(), so_far, hand_overs)


def a_ledger(lines: int, **changes: Any) -> Paper:
    """A ledger of July 2019 with so many like lines."""
    version = version_on(VERSIONS, FormKind.LEDGER, date(2019, 7, 31))
    assert version is not None
    subject = a_subject()
    values: dict[str, Any] = {
        "code": subject.code,
        "procedure": subject.procedure,
        "party": subject.party,
        "agency": "Sở Tư pháp",
        "accepted_at": ACCEPTED.at,
        "due_at": ACCEPTED.due.at if ACCEPTED.due else None,
        "returned_at": None,
        "by_post": False,
        "note": "Đang xử lý",
    }
    line = LedgerLine(**{**values, **changes})
    return ledger(version, subject.office, [line] * lines, date(2019, 7, 1), date(2019, 7, 31))
