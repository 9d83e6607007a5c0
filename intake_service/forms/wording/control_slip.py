"""Phiếu kiểm soát quá trình giải quyết hồ sơ: who gave the dossier to whom, and how it ended."""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

from intake_service.forms.rules import Entry, HandOver, Sheet
from intake_service.forms.wording.phrases import DOTS, account_of, appointment, clipped, laid_out, unit_name, written
from intake_service.forms.wording.shapes import Block, Paper, Subject, Table
from shared.domain.deadline import Account, Verdict
from shared.domain.lifecycle import EventKind


def control_slip(sheet: Sheet, subject: Subject, so_far: Sequence[Entry], handed: Sequence[HandOver]) -> Paper:
    """The steps of a dossier as they were recorded until the edition was made."""
    account = account_of(so_far)
    known_at = sheet.edition.known_at
    steps = [(each.recorded_at, _handed(subject, each, known_at)) for each in handed if each.recorded_at <= known_at]
    steps += [(entry.recorded_at, row) for entry in so_far if (row := _end(subject, entry, account)) is not None]
    rows = [row for _, row in sorted(steps, key=itemgetter(0))]
    fields = [
        ("Kèm theo hồ sơ của", subject.party.name),
        ("Ngày nhận", written(account.accepted_at)),
        ("Ngày hẹn trả kết quả", appointment(account)),
        ("Cơ quan (bộ phận) tiếp nhận", subject.office.name),
        ("Cơ quan (bộ phận) phối hợp giải quyết", DOTS),
    ]
    head = ("TÊN CƠ QUAN", "THỜI GIAN GIAO, NHẬN HỒ SƠ", "KẾT QUẢ GIẢI QUYẾT", "GHI CHÚ")
    return laid_out(
        sheet,
        subject,
        [
            Block(fields=fields),
            Block(table=Table(head, rows or [_empty_step()], (1.2, 1.85, 0.8, 0.65), (2,))),
        ],
        number=f"Mã hồ sơ: {subject.code}",
        tracked=False,
        signatures=[],
    )


#: Movements that are no plain hand-over, under routing's names.
_MOVEMENTS = {
    "decline": "Từ chối nhận",
    "recall": "Thu hồi",
    "return": "Chuyển trả",
    "reorganisation": "Chuyển do sắp xếp đơn vị",
}


def _handed(subject: Subject, each: HandOver, known_at: datetime) -> tuple[str, str, str, str]:
    giver = _unit(unit_name(subject, each.giver), each.giver_desk)
    taker = _unit(unit_name(subject, each.taker), each.taker_desk)
    received = each.received if each.received and each.received.recorded_at <= known_at else None
    by = f"{received.actor}, {written(received.occurred_at)}" if received else "…………"
    when = f"{written(each.occurred_at)}\nNgười giao: {each.actor}\nNgười nhận: {by}"
    note = ": ".join(part for part in (_MOVEMENTS.get(each.kind), clipped(each.note, "")) if part)
    return f"1. Giao: {giver}\n2. Nhận: {taker}", when, "", note


_ENDED = {
    EventKind.FINISHED: "Xử lý xong",
    EventKind.WITHDRAWN: "Người nộp rút hồ sơ",
    EventKind.STOPPED: "Dừng giải quyết",
    EventKind.RETURNED: "Trả kết quả",
    EventKind.REOPENED: "Mở lại hồ sơ",
}
VERDICTS = {Verdict.EARLY: "Trước hạn", Verdict.ON_DAY: "Đúng hạn", Verdict.LATE: "Quá hạn"}


def _end(subject: Subject, entry: Entry, now: Account) -> tuple[str, str, str, str] | None:
    """now: the account that holds on the slip. A correction after the end judges that end again."""
    account = entry.told.after.account
    if entry.kind not in _ENDED or account is None:
        return None
    if account.finished_at == now.finished_at:
        account = now
    verdict = VERDICTS[account.verdict] if account.verdict and account.original_due else ""
    when = f"{written(entry.at)}\nNgười thực hiện: {entry.actor}"
    return unit_name(subject, entry.agency_id), when, verdict, _ENDED[entry.kind]


def _empty_step() -> tuple[str, str, str, str]:
    when = "… giờ … phút, ngày … tháng … năm …\nNgười giao: …………\nNgười nhận: …………"
    return "1. Giao:\n2. Nhận:", when, "", ""


def _unit(name: str, desk: str | None) -> str:
    return f"{name}, {desk}" if desk else name
