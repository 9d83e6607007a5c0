"""Phiếu từ chối tiếp nhận giải quyết hồ sơ: not accepted, or refused on the merits."""

from intake_service.forms.rules import Entry, Sheet
from intake_service.forms.wording.phrases import clipped, help_line, laid_out, person_fields, which_time
from intake_service.forms.wording.shapes import Block, Paper, Signature, Subject
from shared.domain.lifecycle import EventKind


def refusal(sheet: Sheet, subject: Subject, refused: Entry) -> Paper:
    """Not accepted, or refused on the merits. refused: the event that says so."""
    on_the_merits = refused.kind is EventKind.FINISHED
    verb = "từ chối giải quyết" if on_the_merits else "không tiếp nhận, giải quyết"
    blocks = [
        Block(fields=person_fields(subject, "Tiếp nhận hồ sơ của", subject.party.name, named=False)),
        Block(text=f"Qua xem xét, {subject.office.name} thông báo {verb} hồ sơ này với lý do cụ thể như sau:"),
        Block(fields=[("Lý do", clipped(refused.reason))]),
        Block(text=help_line(subject.office)),
        Block(text="Xin thông báo cho Ông/Bà được biết và thực hiện./."),
    ]
    return laid_out(
        sheet,
        subject,
        blocks,
        number=f"Mã hồ sơ: {subject.code}",
        subtitle=which_time(sheet.edition),
        signatures=[Signature("NGƯỜI NỘP HỒ SƠ"), Signature("NGƯỜI TIẾP NHẬN HỒ SƠ")],
    )
