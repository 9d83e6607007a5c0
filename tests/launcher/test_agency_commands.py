"""`motcua identification-codes`: only under the national code of its agency can a dossier be told."""

from pathlib import Path

import pytest

from tests.journeys.conftest import Running, eventually
from tests.launcher.test_edition_commands import motcua
from tests.support import REGISTER_COPY, WARD, a_draft


@pytest.fixture
def codes(tmp_path: Path) -> Path:
    return tmp_path / "ma.csv"


def enter(running: Running, codes: Path, *more: str, **how: str) -> tuple[int, bytes, str]:
    return motcua(running, "identification-codes", str(codes), "--decision", "512/QĐ-UBND", *more, **how)


def test_an_agency_issues_under_its_national_code_once_that_is_entered(running: Running, codes: Path) -> None:
    codes.write_text(f"code,identification_code\n{WARD},H50.142\n", encoding="utf-8-sig")
    with running.client("intake", "counter", WARD) as counter:

        def issued() -> str:
            return str(counter.post("/v1/dossiers", json=a_draft(procedure=REGISTER_COPY)).json()["code"])

        before = issued()
        assert before.startswith(f"{WARD}-")
        status, _, told = enter(running, codes)
        assert (status, told.strip()) == (
            0,
            "Đã nhập 1 mã định danh, 0 mã không đổi. Hồ sơ đã cấp mã thì giữ mã cũ.",
        )
        eventually(lambda: issued().startswith("H50.142-"))  # the services read it while they serve
        assert counter.get(f"/v1/dossiers/{before}").json()["code"] == before
    status, _, told = enter(running, codes, "--reason", "Cấp mã", language="en_US.UTF-8")
    assert (status, told.split(".")[0]) == (0, "0 identification codes entered, 1 unchanged")
    with running.client("routing", "handler", WARD) as anybody:
        (found,) = anybody.get("/v1/identification-codes").json()["items"]
    shown = ("agency", "identification_code", "before", "decision", "reason", "actor")
    assert [found[name] for name in shown] == [WARD, "H50.142", None, "512/QĐ-UBND", None, "admin@44"]


def test_a_list_with_a_wrong_line_changes_nothing(running: Running, codes: Path) -> None:
    codes.write_text(
        "code,identification_code\n19351,H50.143\n1,H50.1\n19360,h50\n\n19363,H50.150\n19366,H50.150\n18859,H50\n"
        "18871,H50.103\n18871,H50.104\n18880,\n",
        encoding="utf-8",
    )
    status, _, told = enter(running, codes)
    assert status == 1
    assert [line.split(":")[0] for line in told.splitlines()] == [
        "dòng 3, code", "dòng 3, identification_code", "dòng 4, identification_code", "dòng 6, identification_code",
        "dòng 7, identification_code", "dòng 8, identification_code", "dòng 9, code", "dòng 10, code",
        "dòng 11, identification_code", "Chưa nhập mã nào.",
    ]  # fmt: skip
    first = f"{running.addresses.routing}/v1/agencies"
    assert told.startswith(f"dòng 3, code: không có cơ quan mang mã này; tra mã tại {first}")
    english = enter(running, codes, language="en_US.UTF-8")[2].splitlines()
    assert "line 4, identification_code: is no identification code; it looks like 000.15.21.H50 or H50.15" in english
    assert english[-1] == "Nothing was entered."
    with running.client("routing", "admin", "44") as anybody:
        assert anybody.get("/v1/agencies/19351").json()["identification_code"] is None


@pytest.mark.parametrize("text", ["", "code;identification_code\n19333;H50.142\n", "code,identification_code\n"])
def test_what_is_no_such_list_is_told(running: Running, codes: Path, text: str) -> None:
    codes.write_text(text, encoding="utf-8")
    status, _, told = enter(running, codes)
    assert status == 1
    assert "code,identification_code" in told


def test_a_line_is_told_by_where_it_begins(running: Running, codes: Path) -> None:
    codes.write_text('code,identification_code\n , \n19333,"no\nne"\n19351,none\n', encoding="utf-8")
    status, _, told = enter(running, codes)
    assert status == 1
    assert [line.split(":")[0] for line in told.splitlines()] == [
        "dòng 3, identification_code", "dòng 5, identification_code", "Chưa nhập mã nào.",
    ]  # fmt: skip


def test_a_line_with_other_cells_is_told(running: Running, codes: Path) -> None:
    codes.write_text("code,identification_code\n19351,H50.143\n19333,H50.142,\n19360\n", encoding="utf-8")
    status, _, told = enter(running, codes)
    assert (status, told.strip()) == (1, f"{codes}: cần đúng hai ô ở dòng 3, 4")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="there is no file here that opens and is not read")
def test_a_list_that_cannot_be_read_is_told_as_that(running: Running) -> None:
    status, _, told = enter(running, Path("/proc/self/mem"))
    assert (status, told.startswith("/proc/self/mem: không đọc được")) == (2, True), told


def test_what_is_no_text_is_told(running: Running, codes: Path) -> None:
    codes.write_bytes(b"code,identification_code\n\xff\xfe\x00")
    assert enter(running, codes)[0] == 1


def test_a_list_that_is_too_long_is_told_by_its_name(running: Running, codes: Path) -> None:
    codes.write_text("code,identification_code\n" + "19351,H50.143\n" * 501, encoding="utf-8")
    status, _, told = enter(running, codes)
    assert (status, told.splitlines()[0]) == (1, f"{codes}: quá nhiều; nhiều nhất 500")


def test_it_goes_in_by_a_decision(running: Running, codes: Path) -> None:
    codes.write_text("code,identification_code\n19351,H50.143\n", encoding="utf-8")
    status, _, told = motcua(running, "identification-codes", str(codes))
    assert (status, "--decision" in told) == (2, True)
    status, _, told = motcua(running, "identification-codes", str(codes), "--decision", "5" * 61)
    assert (status, told.splitlines()[0]) == (2, "--decision: quá dài; nhiều nhất 60 ký tự")
