"""Phiếu xin lỗi: for lateness, before it or after it, and for a dossier lost or damaged."""

from collections.abc import Sequence

from intake_service.forms.rules import Entry, Sheet, is_for_a_loss
from intake_service.forms.wording.phrases import (
    ONE_STOP,
    account_of,
    clipped,
    content,
    laid_out,
    unit_name,
    written,
    written_or_dots,
)
from intake_service.forms.wording.shapes import Block, Paper, Signature, Subject
from shared.domain.lifecycle import EventKind
from shared.domain.terms import Due


def apology(sheet: Sheet, subject: Subject, so_far: Sequence[Entry]) -> Paper:
    """For lateness, or for a loss: the last event of `so_far` is the letter."""
    letter = so_far[-1]
    office, party = subject.office, subject.party
    account = account_of(so_far)
    before = letter.told.before.account if letter.told.before else None
    promised = before.promised if before else None
    fields = [
        ("Mã hồ sơ", subject.code),
        ("Về việc", content(subject)),
        ("Ngày tiếp nhận", written(account.accepted_at)),
        ("Thời gian hẹn trả kết quả", written_or_dots(promised.at if promised else None)),
    ]
    blocks = [
        Block(text=f"Kính gửi: {party.addressed}"),
        Block(text=f"{office.name} đã tiếp nhận hồ sơ của {party.addressed}:"),
        Block(fields=fields),
    ]
    if is_for_a_loss(letter):
        blocks += _for_a_loss(subject, letter)
    else:
        blocks += _for_lateness(subject, letter, account.promised if account.promised != promised else None)
    return laid_out(
        sheet,
        subject,
        blocks,
        number=f"Số: {clipped(letter.detail.get('number'), '……')}",
        by_the_head=True,
        beside=3,
        signatures=[
            Signature("", ""),
            Signature("THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", "(Ký, đóng dấu)", clipped(letter.detail.get("signed_by"), "")),
        ],
    )


def _for_lateness(subject: Subject, letter: Entry, new: Due | None) -> list[Block]:
    """Before the term ends, or after it (Decree 61/2018 art. 19(9), 12(5)). new: the date that it names, if any."""
    office, party = subject.office, subject.party
    words = letter.detail.get("apology")
    account = letter.told.after.account
    if letter.kind is not EventKind.APOLOGISED:
        how = "chưa thể có kết quả như đã hẹn"
    elif account is not None and account.finished_at is not None:
        how = "đã có kết quả nhưng quá thời gian hẹn trả"
    else:
        how = "đã quá thời gian hẹn trả mà chưa có kết quả giải quyết"
    sorry = f"{office.name} xin lỗi {party.addressed} vì sự chậm trễ này"
    blocks = [
        Block(text=f"Đến nay, hồ sơ do {unit_name(subject, letter.agency_id)} giải quyết {how}."),
        Block(fields=[("Lý do", clipped(letter.reason))]),
        Block(text=clipped(words) if words else f"{sorry}{' và hẹn lại như sau:' if new else '.'}"),
    ]
    if new is not None:
        collected = f"{ONE_STOP}, {office.name}"
        blocks.append(Block(fields=[("Thời gian trả kết quả", written(new.at)), ("Tại", collected)]))
    return [*blocks, Block(text="Mong nhận được sự thông cảm./.")]


def _for_a_loss(subject: Subject, letter: Entry) -> list[Block]:
    """Art. 21: made good, paid for, and apologised for."""
    office, party = subject.office, subject.party
    sorry = f"{office.name} xin lỗi {party.addressed}, chịu trách nhiệm khắc phục và chi trả các chi phí phát sinh"
    words = letter.detail.get("apology")
    return [
        Block(text="Trong quá trình giải quyết, hồ sơ bị mất, thất lạc hoặc hư hỏng."),
        Block(fields=[("Lý do", clipped(letter.reason))]),
        Block(text=clipped(words) if words else f"{sorry} theo quy định./."),
    ]
