"""Which form a history makes, which edition, under which circular: pure, over events."""

from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake_service.forms import rules
from intake_service.forms.rules import (
    BrokenForms,
    Edition,
    Entry,
    FormKind,
    FormVersion,
    HandOver,
    Receipt,
    Said,
    Share,
    editions,
)
from intake_service.forms.usecases import load_forms
from intake_service.forms.wording import paper
from intake_service.forms.wording.phrases import office_of, short, written
from intake_service.forms.wording.shapes import Party, Phase
from shared.domain.deadline import Anew
from shared.domain.life import Happened, Life, lived
from shared.domain.lifecycle import EventKind, allowed_events
from shared.web.problems import Problem
from tests.conftest import Database
from tests.intake.papers import ACCEPTED, VERSIONS, a_paper, a_sheet, a_subject, entries, happened
from tests.support import at

MOVED = date(2019, 8, 20)


def numbers(told: list[Entry], kind: FormKind = FormKind.RECEIPT) -> list[int]:
    """At which events the editions of a form were made."""
    return [each.upto for each in editions(told) if each.kind is kind]


def after(*events: Happened, said: dict[int, Any] | None = None) -> list[Entry]:
    """A history that begins with the reception of Monday 22/7/2019."""
    return entries([ACCEPTED, *events], said)


ASKED = happened(EventKind.SUPPLEMENT_REQUESTED, "Tuesday 2019-07-23 09:00", None)
ANSWERED = happened(EventKind.SUPPLEMENTED, "Friday 2019-07-26 14:00", MOVED)
DAY = "Thursday 2019-08-01 08:00"


@pytest.mark.parametrize(
    ("events", "made_at"),
    [
        ([ASKED], [0]),
        ([ASKED, ANSWERED], [0, 2]),
        ([ASKED, happened(EventKind.SUPPLEMENTED, "Tuesday 2019-07-23 10:00")], [0]),
        ([happened(EventKind.RESCHEDULED, DAY, MOVED)], [0, 1]),
        ([happened(EventKind.RESCHEDULED, DAY)], [0]),
        ([happened(EventKind.EXTENDED, DAY, MOVED)], [0]),
        ([happened(EventKind.APOLOGISED, DAY, MOVED)], [0]),
        ([happened(EventKind.PROCESSING_STARTED, DAY), happened(EventKind.FINISHED, DAY)], [0]),
        (
            [
                happened(EventKind.PAYMENT_REQUESTED, "Tuesday 2019-07-23 09:00", None),
                happened(EventKind.PAID, "Friday 2019-07-26 14:00", MOVED),
            ],
            [0, 2],
        ),
    ],
    ids=["asked", "term anew", "same date", "moved", "not moved", "extended", "sorry", "finished", "paid"],
)
def test_the_receipt_is_made_anew_where_its_date_moves(events: list[Happened], made_at: list[int]) -> None:
    assert numbers(after(*events)) == made_at


def test_what_was_handed_in_later_is_a_new_receipt_even_on_the_same_day() -> None:
    back = happened(EventKind.SUPPLEMENTED, "Tuesday 2019-07-23 10:00")
    told = after(ASKED, back, said={2: {"detail": {"documents": [{"name": "Tờ khai", "kind": "copy", "count": 1}]}}})
    assert numbers(told) == [0, 2]


def test_a_correction_says_what_it_replaced_and_older_receipts_keep_it() -> None:
    """Of three events the second and the third set something right: a name, then the day and the agency."""
    stored = {"applicant_name": "Nguyễn Thị Đào", "agency_id": 1, "received_day": date(2019, 7, 22), "phone": "1"}
    said = [
        Said(EventKind.ACCEPTED, {}),
        Said(
            EventKind.CORRECTED,
            {"was_accepted_at": "2019-07-23T10:30:00+07:00"},
            {"was": {"applicant_name": "Nguyễn Thị Đao"}},
        ),
        Said(EventKind.CORRECTED, {"was_accepted_at": "2019-07-23T10:30:00+07:00"}, {"was": {"agency_id": 2}}),
    ]
    second = {**stored, "agency_id": 2, "received_day": date(2019, 7, 23)}
    assert rules.as_it_stood(stored, said) == [{**second, "applicant_name": "Nguyễn Thị Đao"}, second, stored]
    assert numbers(after(happened(EventKind.CORRECTED, DAY))) == [0, 1]


STARTED = happened(EventKind.PROCESSING_STARTED, "Monday 2019-07-22 10:31")
SHARE = Share(1, agency_id=1, due_at=at("Wednesday 2019-07-24 17:00"))


def receipts(told: list[Entry]) -> list[Edition]:
    return [each for each in editions(told, share=SHARE) if each.kind is FormKind.RECEIPT]


def test_a_linked_receipt_is_completed_and_not_issued_anew() -> None:
    told = after(STARTED, happened(EventKind.CORRECTED, DAY))
    before = receipts(told[:1])
    assert receipts(told)[:1] == before, "what was printed at once stays what it was"
    assert [(each.number, each.issue, each.upto) for each in receipts(told)] == [(1, 1, 0), (2, 1, 1), (3, 2, 2)]
    first, completed, anew = (paper(a_sheet(each), a_subject(), told, []) for each in receipts(told))
    assert completed == first, "it differs in the receiving unit's lines alone"
    assert anew.subtitle == "(Cấp lại lần 1, thay giấy đã cấp trước đó)"


def test_a_receipt_issued_anew_before_routing_knew_is_completed_as_that() -> None:
    told = after(happened(EventKind.CORRECTED, "Monday 2019-07-22 10:31"), STARTED)
    last = [each for each in editions(told, share=SHARE._replace(known=2)) if each.kind is FormKind.RECEIPT][-1]
    made = paper(a_sheet(last), a_subject(), told, [])
    assert (last.number, made.subtitle) == (3, "(Cấp lại lần 1, thay giấy đã cấp trước đó)")
    assert "Lý do cấp lại" in dict(field for block in made.blocks for field in block.fields)


@pytest.mark.parametrize(
    ("event", "agency_id", "stands"),
    [
        (happened(EventKind.CORRECTED, DAY), 1, True),
        (happened(EventKind.CORRECTED, DAY), 2, False),
        (happened(EventKind.RESCHEDULED, DAY, MOVED), 1, False),
    ],
    ids=["a name", "another agency", "a date"],
)
def test_the_receiving_units_date_stands_until_a_date_moves(event: Happened, agency_id: int, stands: bool) -> None:
    told = after(STARTED, event)
    first, completed, anew = receipts(told)
    assert [rules.holds(SHARE, each, told, 1) for each in (first, completed)] == [False, True]
    assert rules.holds(SHARE, anew, told, agency_id) is stands


def test_an_end_is_judged_again_on_the_slip_after_a_correction_and_not_before() -> None:
    """Finished on the day by a term in days; late by the same date of a term in hours."""
    late = ACCEPTED.due._replace(late_from=at("Monday 2019-08-05 10:00")) if ACCEPTED.due else None
    dates = Anew(ACCEPTED.at, late, late, late)
    told = after(
        happened(EventKind.FINISHED, "Monday 2019-08-05 11:00"),
        Happened(EventKind.CORRECTED, at("Tuesday 2019-08-06 08:00"), late, anew=dates),
    )
    slips = [each for each in editions(told) if each.kind is FormKind.CONTROL_SLIP]
    tables = [paper(a_sheet(each), a_subject(), told, []).blocks[1].table for each in slips]
    assert [table.rows[0][2] for table in tables if table] == ["", "Đúng hạn", "Quá hạn"]


@pytest.mark.parametrize(
    ("event", "why", "was"),
    [
        (happened(EventKind.RESCHEDULED, DAY, MOVED), "thời hạn giải quyết được tính lại, theo văn bản số 9/QĐ", True),
        (happened(EventKind.CORRECTED, DAY), "đính chính thông tin tiếp nhận, theo văn bản số 9/QĐ", False),
    ],
    ids=["moved", "corrected"],
)
def test_a_receipt_in_place_of_another_says_why_and_which_date_that_had(event: Happened, why: str, was: bool) -> None:
    made = a_paper(told=after(event, said={1: {"payload": {"decision": "9/QĐ"}}}))
    fields = dict(field for block in made.blocks for field in block.fields)
    assert made.subtitle == "(Cấp lại lần 1, thay giấy đã cấp trước đó)"
    assert fields["Lý do cấp lại"] == why
    before = fields.get("Thời gian hẹn trả đã ghi trên giấy trước")
    assert before == ("17 giờ 00 phút, ngày 05 tháng 8 năm 2019" if was else None)


def test_several_requests_and_apologies_are_so_many_editions() -> None:
    told = after(
        ASKED,
        ANSWERED,
        happened(EventKind.SUPPLEMENT_REQUESTED, "Monday 2019-07-29 09:00", None),
        happened(EventKind.SUPPLEMENTED, "Monday 2019-07-29 10:00", MOVED),
        happened(EventKind.EXTENDED, DAY, date(2019, 8, 28)),
        happened(EventKind.APOLOGISED, DAY, date(2019, 8, 28)),
    )
    assert numbers(told, FormKind.SUPPLEMENT) == [1, 3]
    assert numbers(told, FormKind.APOLOGY) == [5, 6]


def test_a_request_says_until_when_where_a_law_does() -> None:
    until = {"payload": {"answer_due_at": "2019-08-20T17:00:00+07:00"}, "reason": "Thiếu chữ ký"}
    for said, expected in ((until, "đến 17 giờ 00 phút, ngày 20 tháng 8 năm 2019"), ({"reason": "Thiếu"}, None)):
        made = a_paper(FormKind.SUPPLEMENT, told=after(ASKED, said={1: said}))
        fields = dict(field for block in made.blocks for field in block.fields)
        assert fields.get("Thời hạn bổ sung, hoàn thiện hồ sơ") == expected


@pytest.mark.parametrize(("outcome", "made"), [("refused", [1]), ("granted", [])])
def test_a_refusal_on_the_merits_is_a_refusal(outcome: str, made: list[int]) -> None:
    told = after(happened(EventKind.FINISHED, DAY), said={1: {"payload": {"outcome": outcome}}})
    assert numbers(told, FormKind.REFUSAL) == made


def test_an_apology_says_what_it_is_for() -> None:
    def said(event: Happened, **more: Any) -> str:
        made = a_paper(FormKind.APOLOGY, told=after(event, said={1: {"reason": "Do bão", **more}}))
        return " ".join(block.text or " ".join(": ".join(pair) for pair in block.fields) for block in made.blocks)

    in_time = said(happened(EventKind.EXTENDED, DAY, MOVED))
    assert "chưa thể có kết quả như đã hẹn" in in_time
    assert "Thời gian trả kết quả: 17 giờ 00 phút, ngày 20 tháng 8 năm 2019" in in_time
    late = happened(EventKind.APOLOGISED, "Thursday 2019-08-08 08:00", date(2019, 8, 5))
    without = said(late, payload={"apology": "overdue"})
    assert "đã quá thời gian hẹn trả" in without
    assert "hẹn lại" not in without
    lost = said(late, payload={"apology": "lost_or_damaged"})
    assert "bị mất, thất lạc hoặc hư hỏng" in lost
    own = said(late, payload={"apology": "overdue"}, detail={"apology": "Sở chân thành xin lỗi bà."})
    assert "Sở chân thành xin lỗi bà." in own


def handed(when: str, recorded: str | None = None, received: str | None = None, **more: Any) -> HandOver:
    values: dict[str, Any] = {"kind": "hand_over", "giver": 1, "giver_desk": None, "taker": 2, "taker_desk": None}
    taken = Receipt(at(received), at(received), "handler") if received else None
    return HandOver(
        **{**values, **more}, occurred_at=at(when), recorded_at=at(recorded or when), actor="counter", note=None,
        received=taken,
    )  # fmt: skip


def test_the_slip_has_an_edition_for_each_step_in_the_order_of_recording() -> None:
    told = after(happened(EventKind.FINISHED, DAY))
    given = [
        handed("Monday 2019-07-22 14:00", received="Monday 2019-07-22 15:00"),
        handed("Tuesday 2019-07-23 09:00", recorded="Friday 2019-08-02 08:00", kind="decline"),
    ]
    slips = [each for each in editions(told, given) if each.kind is FormKind.CONTROL_SLIP]
    assert [each.number for each in slips] == [1, 2, 3, 4, 5]
    tables = [paper(a_sheet(each), a_subject(), told, given).blocks[1].table for each in slips]
    rows = [[" ".join(row) for row in table.rows] for table in tables if table]
    assert "Người nhận: …" in rows[1][0]
    assert "Người nhận: handler, 15 giờ 00 phút" in rows[2][0]
    assert ["Xử lý xong" in row for row in rows[3]] == [False, True]
    assert "Từ chối nhận" in rows[4][2], "the slip is in the order in which it was recorded"
    assert slips[-1].made_at == at("Tuesday 2019-07-23 09:00")


def test_a_slip_does_not_change_by_what_comes_later() -> None:
    told = after(happened(EventKind.FINISHED, DAY))
    early = [handed("Monday 2019-07-22 14:00")]
    later = [early[0]._replace(received=Receipt(at(DAY), at(DAY), "handler")), handed("Friday 2019-08-02 08:00")]
    then = [each for each in editions(told[:1], early) if each.kind is FormKind.CONTROL_SLIP]
    now = [each for each in editions(told, later) if each.kind is FormKind.CONTROL_SLIP]
    assert now[: len(then)] == then
    for edition in then:
        sheet = a_sheet(edition)
        assert paper(sheet, a_subject(), told, later) == paper(sheet, a_subject(), told[:1], early)


@given(choices=st.lists(st.integers(0, 30), max_size=12), online=st.booleans(), moves=st.lists(st.integers(0, 9)))
def test_an_edition_never_changes_whatever_happens_later(choices: list[int], online: bool, moves: list[int]) -> None:
    """Any history that the lifecycle allows, of a linked dossier too: its forms are those of each beginning of it, and
    more."""
    events = [ACCEPTED if not online else ACCEPTED._replace(kind=EventKind.SUBMITTED)]
    life: Life = lived(None, events[0])
    for number, choice in enumerate(choices):
        allowed = allowed_events(life.state)
        if not allowed:
            break
        day = date(2019, 8, 5) + timedelta(days=moves[number % len(moves)] if moves else 0)
        event = happened(allowed[choice % len(allowed)], ACCEPTED.at + timedelta(hours=number + 1), day)
        life = lived(life, event)
        events.append(event)
    whole = entries(events)
    begun = [number for number, event in enumerate(events) if event.kind is EventKind.PROCESSING_STARTED]
    share = SHARE._replace(known=begun[0]) if begun else None
    for length in range(1, len(whole) + 1):
        known = share if share is not None and share.known < length else None
        for edition in editions(whole[:length], share=known):
            assert edition in editions(whole, share=share)
            assert rules.holds(known, edition, whole[:length], 1) == rules.holds(share, edition, whole, 1)
            version = rules.version_on(VERSIONS, edition.kind, date(2026, 1, 1))
            assert version is not None
            sheet = rules.Sheet(edition, version)
            assert paper(sheet, a_subject(), whole[:length], []) == paper(sheet, a_subject(), whole, [])


@pytest.mark.parametrize(
    ("kind", "day", "number", "basis"),
    [
        (FormKind.CONTROL_SLIP, date(2025, 9, 14), "05", "01/2018/TT-VPCP"),
        (FormKind.CONTROL_SLIP, date(2025, 9, 15), "06", "03/2025/TT-VPCP"),
        (FormKind.LEDGER, date(2025, 9, 14), "06", "01/2018/TT-VPCP"),
        (FormKind.LEDGER, date(2025, 9, 15), "07", "03/2025/TT-VPCP"),
        (FormKind.APOLOGY, date(2025, 9, 15), "04", "03/2025/TT-VPCP"),
        (FormKind.STOP, date(2025, 9, 15), "05", "03/2025/TT-VPCP"),
        (FormKind.RECEIPT, date(2019, 1, 6), "01", "01/2018/TT-VPCP"),
        (FormKind.LOSS_LETTER, date(2018, 6, 21), "", "61/2018/NĐ-CP"),
        (FormKind.LOSS_LETTER, date(2025, 6, 30), "", "61/2018/NĐ-CP"),
        (FormKind.LOSS_LETTER, date(2025, 7, 1), "", "118/2025/NĐ-CP"),
    ],
)
def test_the_number_changed_on_15_9_2025(kind: FormKind, day: date, number: str, basis: str) -> None:
    version = rules.version_on(VERSIONS, kind, day)
    assert version is not None
    assert (version.number, version.legal_basis) == (number, basis)


def test_the_title_of_the_apology_changed_with_it() -> None:
    titles = [rules.version_on(VERSIONS, FormKind.APOLOGY, day) for day in (date(2025, 9, 14), date(2025, 9, 15))]
    assert [version.title for version in titles if version] == [
        "Phiếu xin lỗi và hẹn lại ngày trả kết quả",
        "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết",
    ]


def test_what_was_not_read_is_not_confirmed() -> None:
    unread = {(version.legal_basis, version.number) for version in VERSIONS if not version.confirmed}
    assert unread == {
        *(("01/2018/TT-VPCP", number) for number in ("04", "06")),
        *(("03/2025/TT-VPCP", number) for number in ("04", "05", "07")),
        *((decree, "") for decree in ("61/2018/NĐ-CP", "118/2025/NĐ-CP")),
    }


@pytest.mark.parametrize("kind", [kind for kind in FormKind if kind is not FormKind.LOSS_LETTER])
def test_before_6_1_2019_there_is_no_form_that_we_know(kind: FormKind) -> None:
    """What was in force under Decision 09/2015/QĐ-TTg was not read: nothing is printed that names another circular."""
    assert rules.version_on(VERSIONS, kind, date(2019, 1, 5)) is None


def test_an_edition_of_before_is_refused_and_the_one_after_it_printed() -> None:
    """Accepted on Friday 4/1/2019, its date moved on Thursday 10/1/2019."""
    told = entries(
        [
            happened(EventKind.ACCEPTED, "Friday 2019-01-04 08:00", date(2019, 1, 14)),
            happened(EventKind.RESCHEDULED, "Thursday 2019-01-10 08:00", date(2019, 1, 21)),
        ]
    )
    refused = rules.chosen(editions(told), VERSIONS, FormKind.RECEIPT, 1)
    assert isinstance(refused, Problem)
    assert [(reason.code, reason.params) for reason in refused.reasons] == [("no_form_in_law", {"day": "2019-01-04"})]
    newest = rules.chosen(editions(told), VERSIONS, FormKind.RECEIPT, None)
    assert isinstance(newest, rules.Sheet)
    assert newest.edition.number == 2


def test_a_letter_for_a_loss_is_no_letter_for_lateness() -> None:
    letter = {"payload": {"apology": "lost_or_damaged"}, "reason": "Hồ sơ bị ướt do mưa bão"}
    told = after(happened(EventKind.APOLOGISED, DAY), said={1: letter})
    made = a_paper(FormKind.APOLOGY, told=told)
    assert made.title == "THƯ XIN LỖI VỀ HỒ SƠ BỊ MẤT, THẤT LẠC HOẶC HƯ HỎNG"
    assert made.form == "(Nghị định số 61/2018/NĐ-CP)"
    said = " ".join(block.text for block in made.blocks)
    assert "chịu trách nhiệm khắc phục và chi trả các chi phí phát sinh" in said
    for of_lateness in ("chậm trễ", "hẹn lại", "gia hạn", "quá thời gian"):
        assert of_lateness not in f"{made.title} {said}"
    own = a_paper(FormKind.APOLOGY, told=after(happened(EventKind.APOLOGISED, DAY), said={1: {**letter, **OWN}}))
    assert "Sở chân thành xin lỗi bà." in [block.text for block in own.blocks]


OWN = {"detail": {"apology": "Sở chân thành xin lỗi bà."}}


def test_a_stop_of_2019_had_no_form_in_law() -> None:
    told = after(happened(EventKind.STOPPED, DAY))
    refused = rules.chosen(editions(told), VERSIONS, FormKind.STOP, None)
    assert isinstance(refused, Problem)
    assert [reason.code for reason in refused.reasons] == ["no_form_in_law"]
    assert FormKind.STOP not in {sheet.edition.kind for sheet in rules.sheets(editions(told), VERSIONS)}


def _version(**changes: Any) -> FormVersion:
    values: dict[str, Any] = {
        "kind": "receipt", "legal_basis": "X", "number": "01", "title": "T", "paper": "A5", "valid_from": None,
        "valid_to": None, "confirmed": True, "basis": "b",
    }  # fmt: skip
    return FormVersion(**{**values, **changes})


@pytest.mark.parametrize(
    "versions",
    [
        [_version(), _version(legal_basis="Y", valid_from=date(2025, 9, 15))],
        [_version(valid_to=date(2025, 9, 15)), _version(legal_basis="Y", valid_from=date(2025, 9, 15))],
        [_version(kind="letter")],
    ],
    ids=["both open", "one day", "no such form"],
)
async def test_a_list_that_contradicts_itself_is_not_loaded(versions: list[FormVersion], database: Database) -> None:
    connection = await asyncpg.connect(database.url("motcua_intake"))
    with pytest.raises(BrokenForms):
        await load_forms(connection, versions)
    await connection.close()


async def test_a_change_of_the_list_is_loaded_and_the_same_list_changes_nothing(fresh_database: Database) -> None:
    connection = await asyncpg.connect(fresh_database.url("motcua_intake"))
    assert not (await load_forms(connection, VERSIONS)).anything
    changed = [*VERSIONS[:-1], _version(kind="ledger", legal_basis=VERSIONS[-1].legal_basis, number="08")]
    assert (await load_forms(connection, [v for v in changed if v.kind != "ledger" or v.number == "08"])).forms == 1
    assert await connection.fetchval("SELECT number FROM form_version WHERE title = 'T'") == "08"
    await connection.close()


@pytest.mark.parametrize(
    ("instant", "said"),
    [
        ("Monday 2019-07-22 10:30", "10 giờ 30 phút, ngày 22 tháng 7 năm 2019"),
        ("Friday 2019-02-01 07:05", "7 giờ 05 phút, ngày 01 tháng 02 năm 2019"),
        ("Wednesday 2019-10-09 17:00", "17 giờ 00 phút, ngày 09 tháng 10 năm 2019"),
    ],
)
def test_instants_are_written_as_papers_have_them(instant: str, said: str) -> None:
    assert written(at(instant)) == said


def test_an_instant_in_a_narrow_column() -> None:
    assert short(at("Monday 2019-07-22 10:30")) == "10:30 22/07/2019"
    assert short(None) == ""


@pytest.mark.parametrize(
    ("name", "above", "letterhead", "place"),
    [
        ("Sở Tư pháp", ["UBND tỉnh Quảng Trị"], ("Ủy ban nhân dân tỉnh Quảng Trị", "Sở Tư pháp"), "Quảng Trị"),
        ("UBND Phường Đông Hà", ["UBND tỉnh Quảng Trị"], (None, "Ủy ban nhân dân Phường Đông Hà"), "Đông Hà"),
        ("UBND Thành phố Đông Hà", [], (None, "Ủy ban nhân dân Thành phố Đông Hà"), "Đông Hà"),
        ("Công an", [], (None, "Công an"), "Công an"),
    ],
)
def test_a_letterhead(name: str, above: list[str], letterhead: tuple[str | None, str], place: str) -> None:
    office = office_of(name, above)
    assert ((office.superior, office.name), office.place) == (letterhead, place)


def test_a_business_is_not_called_sir() -> None:
    assert Party("Công ty TNHH Đông Hà", is_person=False).addressed == "Công ty TNHH Đông Hà"
    assert Party("Nguyễn Thị Đào").addressed == "Ông/Bà Nguyễn Thị Đào"


def test_the_date_of_the_receiving_unit_stands_beside_the_total() -> None:
    phase = Phase("Sở Y tế", at("Wednesday 2019-07-24 08:00"), at("Wednesday 2019-07-31 17:00"))
    made = a_paper(subject=a_subject(phases=[phase]))
    fields = dict(field for block in made.blocks for field in block.fields)
    assert fields["Thời gian trả kết quả giải quyết hồ sơ"] == "17 giờ 00 phút, ngày 05 tháng 8 năm 2019"
    assert fields["Thời gian nhận hồ sơ tại Sở Y tế"] == "8 giờ 00 phút, ngày 24 tháng 7 năm 2019"
    assert fields["Thời gian trả kết quả tại Sở Y tế"] == "17 giờ 00 phút, ngày 31 tháng 7 năm 2019"
