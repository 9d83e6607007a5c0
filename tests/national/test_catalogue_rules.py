"""What the national catalogue says, and how it differs from ours: whatever it holds."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake_service.catalogue.rules import Kind, read_list, read_procedure, shrunk
from intake_service.catalogue_mappings.rules import grams, suggestions
from intake_service.catalogue_proposals.rules import Change, Difference, Ours, differences, digest, matching
from shared.domain.lifecycle import Channel
from shared.domain.terms import Term, TermUnit
from shared.reference import ProcedureVersion
from shared.web.problems import Reason

CODE = "1.004194"
TEN = Term(Decimal(10), TermUnit.WORKING_DAY)


def a_version(code: str = CODE, name: str = "Đăng ký tạm trú", **more: Any) -> ProcedureVersion:
    terms = more.pop("terms", {Channel.COUNTER: {1: TEN}})
    first = {channel: cases[1] for channel, cases in terms.items()}
    return ProcedureVersion(1, code, name, "Cư trú", None, None, {}, first, "", code[:8], terms)


def a_shape(**more: Any) -> dict[str, Any]:
    way = {"KENH": 1, "THOIGIAN": [{"THOIGIANGIAIQUYET": 10, "DONVITINH": "Ngày làm việc", "MOTA": ""}]}
    return {
        "MATTHC": CODE,
        "TENTTHC": "Đăng ký tạm trú",
        "LINHVUCTHUCHIEN": [{"TENLINHVUC": "Cư trú"}],
        "CACHTHUCTHUCHIEN": [way],
        "TRANGTHAI": 1,
        **more,
    }


def differing(**more: Any) -> tuple[Difference, ...]:
    published, findings = read_procedure(CODE, [a_shape(**more)])
    assert published is not None
    assert findings == []
    return differences(Ours(a_version(), None, "Bộ Công an"), published)


def limits(*values: Any, channel: Any = 1) -> list[dict[str, Any]]:
    lines = [{"THOIGIANGIAIQUYET": value, "DONVITINH": unit, "MOTA": ""} for value, unit in values]
    return [{"KENH": channel, "THOIGIAN": lines}]


def test_the_same_is_no_difference() -> None:
    assert differing() == ()


def test_what_is_not_said_is_no_difference() -> None:
    assert differing(LINHVUCTHUCHIEN=[], MACOQUANCONGBO="", CACHTHUCTHUCHIEN=[]) == ()
    assert differing(CACHTHUCTHUCHIEN=limits((None, ""))) == ()


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"TENTTHC": "Khai báo tạm trú"}, Difference("name", "Đăng ký tạm trú", "Khai báo tạm trú")),
        ({"LINHVUCTHUCHIEN": [{"TENLINHVUC": "Hộ tịch"}]}, Difference("sector", "Cư trú", "Hộ tịch")),
        ({"MACOQUANCONGBO": "Bộ Tư pháp"}, Difference("issuer", "Bộ Công an", "Bộ Tư pháp")),
        ({"MATTHC": f"{CODE}.000.00.00.H50"}, Difference("publisher", None, "000.00.00.H50")),
        (
            {"CACHTHUCTHUCHIEN": limits((5, "Ngày làm việc"))},
            Difference("terms.counter", "10 ngày làm việc", "5 ngày làm việc"),
        ),
        (
            {"CACHTHUCTHUCHIEN": limits((5, "Ngày làm việc"), ("12.5", "ngày làm việc"))},
            Difference("terms.counter", "10 ngày làm việc", "12,5 ngày làm việc; 5 ngày làm việc"),
        ),
    ],
)
def test_what_is_published_otherwise_is_a_difference(change: dict[str, Any], difference: Difference) -> None:
    assert differing(**change) == (difference,)


def test_a_way_that_ends_and_one_that_begins() -> None:
    found = differing(CACHTHUCTHUCHIEN=limits((10, "Ngày làm việc"), channel="2"))
    assert found == (
        Difference("terms.counter", "10 ngày làm việc", None),
        Difference("terms.online", None, "10 ngày làm việc"),
    )


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ((0, "Ngày"), "THOIGIANGIAIQUYET"),
        ((-3, "Ngày"), "THOIGIANGIAIQUYET"),
        (("nhanh", "Ngày"), "THOIGIANGIAIQUYET"),
        (("NaN", "Ngày"), "THOIGIANGIAIQUYET"),
        (("1_0", "Ngày"), "THOIGIANGIAIQUYET"),
        (("٣", "Ngày"), "THOIGIANGIAIQUYET"),
        (("1e1", "Ngày"), "THOIGIANGIAIQUYET"),
        ((1e308, "Ngày"), "THOIGIANGIAIQUYET"),
        ((True, "Ngày"), "THOIGIANGIAIQUYET"),
        ((0.001, "Ngày"), "THOIGIANGIAIQUYET"),
        ((3, "Tuần trăng"), "DONVITINH"),
    ],
)
def test_a_term_that_is_none_is_told_and_the_rest_is_read(line: tuple[Any, str], field: str) -> None:
    published, findings = read_procedure(CODE, [a_shape(CACHTHUCTHUCHIEN=limits(line, (7, "Ngày")))])
    assert published is not None
    assert [one.limit for one in published.lines] == [Term(Decimal(7), TermUnit.CALENDAR_DAY)]
    assert [one.reason for one in findings] == [Reason(f"CACHTHUCTHUCHIEN.0.THOIGIAN.0.{field}", "catalogue_term")]


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ([], "catalogue_not_found"),
        (["x"], "catalogue_not_found"),
        ([{}], "catalogue_other_procedure"),
        ([a_shape(MATTHC="1.999999")], "catalogue_other_procedure"),
        ([a_shape(TENTTHC="")], "catalogue_name"),
        ([a_shape(TENTTHC="x" * 4001)], "catalogue_name"),
        ([a_shape(TENTTHC={"a": 1})], "catalogue_name"),
        ([a_shape(TENTTHC="a\u0000b")], "catalogue_name"),
    ],
)
def test_what_is_no_procedure_is_told_and_proposes_nothing(result: list[Any], code: str) -> None:
    published, findings = read_procedure(CODE, result)
    assert published is None
    assert [one.reason.code for one in findings] == [code]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(a_shape())), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(_JSON, max_size=4))
def test_whatever_comes_is_read_or_told(items: list[Any]) -> None:
    read_procedure(CODE, items)
    read_procedure(CODE, [a_shape(**item) for item in items if isinstance(item, dict)][:1])
    for kind in Kind:
        entries, findings = read_list(kind, items)
        assert len(entries) + len(findings) <= len(items)
        assert len({entry.code for entry in entries}) == len(entries)


def test_a_list_holds_each_code_once_and_says_what_is_wrong() -> None:
    def one(code: Any, name: Any = "Sở Tư pháp") -> dict[str, Any]:
        return {"MADONVI": code, "TENDONVI": name}

    entries, findings = read_list(
        Kind.AGENCIES,
        [one("H50.01"), one("H50.01"), one("H50.01", "Sở Y tế"), one(""), one("H50.02", " "), one("x" * 61), 7, None],
    )
    assert [(entry.code, entry.name) for entry in entries] == [("H50.01", "Sở Tư pháp")]
    assert [finding.reason.code for finding in findings] == [
        "catalogue_code_twice",
        "catalogue_code",
        "catalogue_name",
        "catalogue_code",
        "catalogue_not_an_object",
        "catalogue_not_an_object",
    ]
    assert findings[1].code == "#4"
    _, wrong = read_list(Kind.PROCEDURES, [{"MATTHC": "ABC", "TENTTHC": "Thủ tục"}])
    assert [one.reason for one in wrong] == [Reason("MATTHC", "catalogue_code")]


@pytest.mark.parametrize(("known", "gone", "cut"), [(100, 10, False), (100, 11, True), (10, 5, False), (10, 6, True)])
def test_a_list_that_lost_much_at_once_was_cut_off(known: int, gone: int, cut: bool) -> None:
    assert shrunk(known, gone) is cut


def test_ours_is_found_by_its_code_or_its_national_number_alone() -> None:
    here, suffixed = a_version(), a_version(f"{CODE}.000.00.00.H50")
    assert matching(CODE, CODE, {CODE: here}) is here
    assert matching(f"{CODE}.X", CODE, {CODE: here}) is here
    assert matching("1.999999", "1.999999", {CODE: here}) is None
    both = {CODE: here, suffixed.code: suffixed}
    assert matching(CODE, CODE, both) is here
    found = matching(f"{CODE}.X", CODE, both)
    assert isinstance(found, Reason)
    assert found.params == {"codes": f"{CODE}, {CODE}.000.00.00.H50"}


def test_names_that_look_alike_are_suggested_and_ties_stay_ties() -> None:
    published = [
        (code, name, grams(name))
        for code, name in (
            ("A", "Ủy ban nhân dân phường Đông Hà"),
            ("B", "UBND phường Đông Hà"),
            ("C", "Sở Tư pháp"),
            ("D", "ubnd PHUONG dong ha"),
        )
    ]
    found = suggestions("UBND phường Đông Hà", published)
    assert [one.code for one in found] == ["B", "D", "A"]
    assert found[0].score == found[1].score == 1.0
    assert 0.5 <= found[2].score < 1
    assert suggestions("Trường mầm non", published) == []
    assert len(suggestions("a b c", [(str(n), "a b c", grams("a b c")) for n in range(30)])) == 10


def test_the_same_proposal_is_known_again() -> None:
    found = (Difference("name", "a", "b"),)
    assert digest(Change.CHANGED, found) == digest(Change.CHANGED, list(found))
    assert digest(Change.CHANGED, found) != digest(Change.NEW, found)
    assert digest(Change.CHANGED, found) != digest(Change.CHANGED, (Difference("name", "a", None),))
