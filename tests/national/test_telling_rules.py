"""What an answer of the national portal means, when it is asked again, and what is kept of what was sent."""

from datetime import timedelta
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake_service.documents.national import Message
from intake_service.national.client import NationalUnavailable, _read
from intake_service.national.rules import (
    PAPERS,
    Breaker,
    Subject,
    backoff,
    blockers,
    is_not_there,
    is_success,
    is_there_already,
    is_told,
    verdicts,
    with_papers,
    without_persons,
    words_without_persons,
)
from shared.domain.lifecycle import Channel
from shared.web.problems import Reason

NAMES = ["000.15.27.H50-261127-0001", "000.15.27.H50-261127-0002", "000.15.27.H50-261127-0003"]
SUBJECT = Subject(
    code=NAMES[0],
    procedure="1.001193",
    procedure_name="Đăng ký khai sinh",
    sector="Hộ tịch",
    channel=Channel.COUNTER,
    agency_name="Ủy ban nhân dân xã",
    return_channel=1,
    summary=None,
    kind=1,
    applicant="Nguyễn Thị Đào",
    id_number=None,
    phone=None,
    email=None,
)
TOLD = {"MaHoSo": NAMES[0], "MaTTHC": "1.001193", "NguoiXuLy": "lan"}


@pytest.mark.parametrize(
    ("code", "done"), [(0, True), ("0", True), ("00", True), (3, False), ("-3", False), ("", False)]
)
def test_which_codes_mean_done(code: object, done: bool) -> None:
    assert is_success(code) is done


@pytest.mark.parametrize(
    ("code", "message", "there"),
    [(3, "", True), ("-3", "", True), (-99, "Hồ sơ Đã Tồn Tại", True), (-99, "chưa tồn tại", False), (1, "", False)],
)
def test_what_says_that_it_is_there_already(code: object, message: str, there: bool) -> None:
    assert is_there_already(code, message) is there
    assert is_there_already(code, normalize("NFD", message)) is there


@pytest.mark.parametrize("message", ["Hồ sơ không tồn tại", "HỒ SƠ CHƯA TỒN TẠI"])
def test_what_says_that_it_is_not_there(message: str) -> None:
    assert is_not_there(message)
    assert is_not_there(normalize("NFD", message))
    assert not is_not_there("đã tồn tại")


def said(name: str, code: object, message: str = "") -> dict[str, Any]:
    return {"MaHoSo": name, "error_code": code, "message": message}


def test_a_call_that_was_done_says_so_of_each_unless_it_says_another_thing() -> None:
    assert verdicts(True, "0", "", [], NAMES) == dict.fromkeys(NAMES, ("0", ""))
    found = verdicts(True, "0", "", [said(NAMES[0], 0), said(NAMES[1], -8, "sai"), said(NAMES[2], "00")], NAMES)
    assert found == {NAMES[0]: ("0", ""), NAMES[1]: ("-8", "sai"), NAMES[2]: ("00", "")}


def test_where_others_are_named_nobody_knows_of_the_one_that_is_not() -> None:
    """A list that was cut off, or the answer to another call."""
    assert verdicts(True, "0", "", [said(NAMES[1], 0)], NAMES) == {
        NAMES[0]: None,
        NAMES[1]: ("0", ""),
        NAMES[2]: None,
    }
    assert verdicts(True, "0", "", [said("000.15.27.H50-261127-0009", 0)], NAMES[:1]) == {NAMES[0]: None}


def test_of_whom_both_is_said_nobody_knows_and_alone_it_is_the_refusal() -> None:
    for both in ([said(NAMES[0], 0), said(NAMES[0], -8, "sai")], [said(NAMES[0], -8, "sai"), said(NAMES[0], 0)]):
        assert verdicts(True, "0", "", [*both, said(NAMES[1], 0)], NAMES[:2])[NAMES[0]] is None
        assert verdicts(True, "0", "", both, NAMES[:1]) == {NAMES[0]: ("-8", "sai")}


def test_no_more_is_kept_of_a_code_and_its_words_than_can_be_one() -> None:
    (verdict,) = verdicts(True, "0", "", [said(NAMES[0], "9" * 100_000, "x" * 100_000)], NAMES[:1]).values()
    assert verdict is not None
    assert tuple(map(len, verdict)) == (60, 4_000)
    assert len(words_without_persons("a" * 5_000_000, TOLD)) == 500


def test_of_a_call_that_was_refused_nobody_knows_what_was_taken() -> None:
    """Half of it may be: what is said to be refused is, and the others are asked for alone."""
    found = verdicts(False, "-8", "sai", [said(NAMES[0], 0), said(NAMES[1], -8, "sai")], NAMES)
    assert found == {NAMES[0]: None, NAMES[1]: ("-8", "sai"), NAMES[2]: None}


def test_alone_the_outer_answer_is_its_own() -> None:
    assert verdicts(False, "3", "đã tồn tại", [], NAMES[:1]) == {NAMES[0]: ("3", "đã tồn tại")}


@given(
    st.booleans(),
    st.lists(
        st.one_of(st.none(), st.integers(), st.text(max_size=5), st.dictionaries(st.text(max_size=9), st.text())),
        max_size=5,
    ),
)
def test_whatever_stands_in_an_answer_each_dossier_has_a_verdict(done: bool, result: list[Any]) -> None:
    assert set(verdicts(done, "0" if done else "-1", "", result, NAMES)) == set(NAMES)


def test_a_line_is_told_if_all_that_it_says_stands_there() -> None:
    line = {"MaHoSo": NAMES[0], "TrangThai": "2"}
    assert is_told([{**line, "ChucDanh": ""}], line)
    assert not is_told([{**line, "TrangThai": "9"}, "2", None], line)


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 5), (2, 10), (3, 20), (7, 300), (40, 300)])
def test_it_waits_twice_as_long_each_time_and_five_minutes_at_most(attempts: int, seconds: int) -> None:
    waits = [backoff(attempts, message) for message in range(200)]
    assert min(waits) >= timedelta(seconds=seconds * 0.8)
    assert max(waits) <= timedelta(seconds=seconds * 1.2)
    assert len(set(waits)) > 100, "they come back at once"


def test_a_portal_that_does_not_answer_is_left_alone_and_then_asked_with_care() -> None:
    breaker = Breaker()
    for second in range(Breaker.PATIENCE - 1):
        breaker.failed(second)
    assert (breaker.is_open(4), breaker.careful) == (False, False)
    breaker.failed(100.0)
    assert (breaker.is_open(109.9), breaker.is_open(110.1), breaker.careful) == (True, False, True)
    breaker.failed(110.1)
    assert (breaker.is_open(130.0), breaker.is_open(130.2)) == (True, False)
    for _ in range(20):
        breaker.failed(1_000.0)
    assert (breaker.is_open(1_299.9), breaker.is_open(1_300.1)) == (True, False)
    breaker.taken()
    assert (breaker.is_open(0.0), breaker.careful) == (False, False)


def test_a_portal_that_refuses_whatever_it_is_sent_is_left_alone_too() -> None:
    breaker = Breaker()
    few = [breaker.refused(message, 0.0) for _ in range(9) for message in range(Breaker.SICK - 1)]
    assert (any(few), breaker.careful) == (False, False), "some dossiers, again and again: it is they"
    many = [breaker.refused(message, 0.0) for message in range(Breaker.SICK, Breaker.SICK + 6)]
    assert (all(many), breaker.careful, breaker.is_open(1.0)) == (True, True, True)
    breaker.taken()
    assert (breaker.refused(1, 0.0), breaker.careful) == (False, False)


def test_nothing_of_a_person_is_kept() -> None:
    told = {
        "MaHoSo": NAMES[0],
        "ChuHoSo": "Nguyễn Thị Đào",
        "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "045190000001"}],
        "DanhSachHoSoBoSung": [{"NoiDungBoSung": "Thiếu giấy của bà Đào", "NgayBoSung": "20261127080000"}],
    }
    kept = without_persons(told)
    assert kept["MaHoSo"] == NAMES[0]
    assert kept["DinhDanhCHS"] == [{"LoaiDinhDanh": "1", "SoDinhDanh": "…"}]
    assert kept["DanhSachHoSoBoSung"][0] == {"NoiDungBoSung": "…", "NgayBoSung": "20261127080000"}
    words = words_without_persons("Nguyễn Thị Đào: số 045190000001 sai" + "x" * 900, told)
    assert words.startswith("…: số … sai")
    assert len(words) == 500
    for spelled in (
        "NGUYỄN THỊ ĐÀO",
        "Nguyen thi Dao",
        "Nguyễn Thị Đào",
        "Nguyễn  Thị.Đào",
        "0451 9000 0001",
        "045.190.000.001",
        "0905 777 123",
        "man@example.vn",
    ):
        assert spelled not in words_without_persons(f"Của {spelled}, {NAMES[0]} sai", told), spelled
        assert words_without_persons(f"{NAMES[0]} sai", told) == f"{NAMES[0]} sai"


def test_an_answer_may_begin_with_a_mark_of_its_encoding() -> None:
    answer, session = _read(b'\xef\xbb\xbf{"error_code": 0, "session": "s"}')
    assert (answer.done, session) == (True, "s")


def test_an_answer_that_could_not_be_kept_is_none() -> None:
    answer, _ = _read(rb'{"error_code": "0\u0000", "message": "a\\u0000\u0000b", "result": [{"\u0000x": "\u0000"}]}')
    assert answer == ("0", r"a\u0000b", [{"x": ""}])
    for depth in (300, 2000):
        with pytest.raises(NationalUnavailable):
            _read(b'{"error_code": 0, "result": ' + b"[" * depth + b"]" * depth + b"}")


@pytest.mark.parametrize(
    ("change", "needed", "reason"),
    [
        ({}, ("MaHoSo",), None),
        ({}, ("MaHoSo", "NgayTiepNhan"), Reason("NgayTiepNhan", "national_field_missing")),
        ({"TrichYeuHoSo": "x" * 1001}, (), Reason("TrichYeuHoSo", "too_long", {"limit": 1000})),
        ({"TrichYeuHoSo": "x" * 1000}, (), None),
    ],
)
def test_what_is_missing_or_too_long_blocks(
    change: dict[str, str], needed: tuple[str, ...], reason: Reason | None
) -> None:
    assert blockers(TOLD | change, SUBJECT, needed) == ([reason] if reason else [])


def test_what_was_erased_or_has_no_national_code_is_not_sent() -> None:
    erased = Subject(**{name: getattr(SUBJECT, name) for name in Subject.__slots__} | {"erased": True})
    assert blockers(TOLD, erased) == [Reason("ChuHoSo", "personal_data_erased")]
    local = Subject(**{name: getattr(SUBJECT, name) for name in Subject.__slots__} | {"code": "QT26-D03-000001"})
    assert blockers(TOLD, local) == [Reason("MaHoSo", "code_not_national")]
    # By now the agency may have one: the dossier keeps the code that it has.
    (reason,) = blockers(TOLD, local)
    assert reason.text("en") == "the agency had no identification code when the dossier's code was issued"
    assert reason.text("vi") == "khi mã hồ sơ này được cấp, cơ quan chưa có mã định danh điện tử"
    handed_in = {name: getattr(SUBJECT, name) for name in Subject.__slots__} | {"code": "N-x", "accepted": False}
    assert blockers(TOLD, Subject(**handed_in)) == [Reason("MaHoSo", "national_not_accepted")]


def test_papers_are_told_whole_or_not_at_all_and_block_only_where_they_are_needed() -> None:
    missing = Reason("components", "national_components")
    nothing, papers = Message(None, (missing,)), Message({"HoSoCoThanhPhanSoHoa": 0, "TaiLieuNop": []}, ())
    assert with_papers(TOLD, nothing) == TOLD
    assert with_papers(TOLD, papers) == TOLD | {"HoSoCoThanhPhanSoHoa": 0}
    assert blockers(TOLD, SUBJECT, (), nothing) == []
    for name in PAPERS:
        assert blockers(TOLD, SUBJECT, (name,), nothing) == [missing]
        assert blockers(TOLD, SUBJECT, (name,), papers) == []
        assert blockers(TOLD, SUBJECT, (name,), None) == [], "an earlier step is told without"
