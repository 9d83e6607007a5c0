"""Thông báo dừng giải quyết hồ sơ: from when, at which stage, and why."""

from intake_service.forms.rules import Entry, Sheet
from intake_service.forms.wording.phrases import DOTS, clipped, content, help_line, laid_out, written
from intake_service.forms.wording.shapes import Block, Paper, Signature, Subject
from shared.domain.lifecycle import STATUS_VI, Status


def stop(sheet: Sheet, subject: Subject, stopped: Entry) -> Paper:
    """That, when and why it was stopped. stopped: the event that says so."""
    before, account = stopped.told.before, stopped.told.after.account
    assert before is not None, "only what was accepted is stopped"
    assert account is not None, "only what was accepted is stopped"
    fields = [
        ("Mã hồ sơ", subject.code),
        ("Chủ hồ sơ", subject.party.name),
        ("Địa chỉ", clipped(subject.party.address)),
        ("Nội dung yêu cầu giải quyết", content(subject)),
        ("Thời gian nhận hồ sơ", written(account.accepted_at)),
        ("Giai đoạn giải quyết", STATUS_VI[Status(before.status)]),
    ]
    blocks = [
        Block(text=f"Kính gửi: {subject.party.addressed}"),
        Block(text=f"{subject.office.name} thông báo dừng giải quyết hồ sơ sau đây kể từ {written(stopped.at)}:"),
        Block(fields=fields),
        Block(fields=[("Lý do dừng giải quyết", clipped(stopped.reason))]),
        Block(fields=[("Nghĩa vụ tài chính đã thực hiện (nếu có)", DOTS)]),
        Block(text=help_line(subject.office)),
    ]
    return laid_out(
        sheet,
        subject,
        blocks,
        number="Số: ……",
        by_the_head=True,
        beside=3,
        signatures=[Signature("", ""), Signature("THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", "(Ký, đóng dấu)")],
    )
