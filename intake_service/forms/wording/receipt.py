"""Giấy tiếp nhận hồ sơ và hẹn trả kết quả: the receipt, which says what was received and until when."""

from collections.abc import Sequence

from intake_service.forms.rules import Edition, Entry, Sheet
from intake_service.forms.wording.phrases import (
    DOTS,
    ONE_STOP,
    account_of,
    appointment,
    clipped,
    document_table,
    laid_out,
    person_fields,
    written,
    written_or_dots,
)
from intake_service.forms.wording.shapes import Block, Paper, Signature, Subject
from shared.domain.lifecycle import EventKind


def receipt(sheet: Sheet, subject: Subject, so_far: Sequence[Entry]) -> Paper:
    """What was received, and until when; of one in place of another, why."""
    account = account_of(so_far)
    documents = list(subject.documents)
    for entry in so_far:
        if entry.kind is EventKind.SUPPLEMENTED:
            documents += entry.detail.get("documents", ())
    times = [
        ("Thời gian giải quyết hồ sơ theo quy định", subject.term),
        ("Thời gian nhận hồ sơ", written(account.accepted_at)),
        ("Thời gian trả kết quả giải quyết hồ sơ", appointment(account)),
    ]
    times += _why_anew(sheet.edition, so_far[sheet.edition.issued_by])
    for phase in subject.phases:
        times.append((f"Thời gian nhận hồ sơ tại {phase.agency}", written_or_dots(phase.received_at)))
        times.append((f"Thời gian trả kết quả tại {phase.agency}", written_or_dots(phase.due_at)))
    collected = "Qua dịch vụ bưu chính công ích" if subject.returned_by_post else f"{ONE_STOP}, {subject.office.name}"
    blocks = [
        Block(fields=person_fields(subject, ONE_STOP, subject.office.name)),
        Block(text="Thành phần hồ sơ nộp gồm:"),
        document_table(documents),
        Block(fields=[("Số lượng hồ sơ", f"{DOTS} (bộ)"), *times, ("Đăng ký nhận kết quả tại", collected)]),
        Block(fields=[("Vào Sổ theo dõi hồ sơ, Quyển số", "…………… Số thứ tự: ……………")]),
    ]
    return laid_out(
        sheet,
        subject,
        blocks,
        number=f"Mã hồ sơ: {subject.code}",
        subtitle=_instead_of(sheet.edition) or "(Liên: Lưu/Giao người nộp hồ sơ)",
        signatures=[Signature("NGƯỜI NỘP HỒ SƠ"), Signature("NGƯỜI TIẾP NHẬN HỒ SƠ")],
    )


def _instead_of(edition: Edition) -> str:
    return f"(Cấp lại lần {edition.issue - 1}, thay giấy đã cấp trước đó)" if edition.issue > 1 else ""


_WHY_ANEW = {
    EventKind.SUPPLEMENTED: "hồ sơ đã được bổ sung, hoàn thiện",
    EventKind.PAID: "đã thực hiện nghĩa vụ tài chính",
    EventKind.RESCHEDULED: "thời hạn giải quyết được tính lại",
    EventKind.CORRECTED: "đính chính thông tin tiếp nhận",
}


def _why_anew(edition: Edition, entry: Entry) -> list[tuple[str, str]]:
    """Of a receipt that takes the place of another: why, and the date that the other had, if that is what changed."""
    before = entry.told.before.account if entry.told.before else None
    if edition.issue == 1 or before is None:
        return []
    decision = entry.payload.get("decision")
    basis = f", theo văn bản số {decision}" if decision else ""
    fields = [("Lý do cấp lại", clipped(f"{_WHY_ANEW.get(entry.kind, 'có thay đổi')}{basis}"))]
    now = account_of([entry]).promised
    if before.promised is not None and (now is None or before.promised.at != now.at):
        fields.append(("Thời gian hẹn trả đã ghi trên giấy trước", written(before.promised.at)))
    return fields
