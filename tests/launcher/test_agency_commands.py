"""`motcua identification-codes`: only under the national code of its agency can a dossier be told."""

from pathlib import Path

import pytest

from tests.journeys.conftest import Running, eventually
from tests.launcher.test_edition_commands import motcua
from tests.support import REGISTER_COPY, WARD, a_draft


@pytest.fixture
def codes(tmp_path: Path) -> Path:
    return tmp_path / "ma.csv"


def test_an_agency_issues_under_its_national_code_once_that_is_entered(running: Running, codes: Path) -> None:
    codes.write_text(f"code,identification_code\n{WARD},H50.142\n", encoding="utf-8-sig")
    with running.client("intake", "counter", WARD) as counter:

        def issued() -> str:
            return str(counter.post("/v1/dossiers", json=a_draft(procedure=REGISTER_COPY)).json()["code"])

        before = issued()
        assert before.startswith(f"{WARD}-")
        status, _, told = motcua(running, "identification-codes", str(codes))
        assert (status, told.strip()) == (
            0,
            "Đã nhập 1 mã định danh, 0 mã không đổi. Hồ sơ đã cấp mã thì giữ mã cũ.",
        )
        eventually(lambda: issued().startswith("H50.142-"))  # the services read it while they serve
        assert counter.get(f"/v1/dossiers/{before}").json()["code"] == before
    status, _, told = motcua(running, "identification-codes", str(codes), language="en_US.UTF-8")
    assert (status, told.split(".")[0]) == (0, "0 identification codes entered, 1 unchanged")


def test_a_list_with_a_wrong_line_changes_nothing(running: Running, codes: Path) -> None:
    codes.write_text(
        "code,identification_code\n19351,H50.143\n1,H50.1\n19360,h50\n19363,H50.150\n19366,H50.150\n18859,H50\n"
        "18871,H50.103\n18871,H50.104\n",
        encoding="utf-8",
    )
    status, _, told = motcua(running, "identification-codes", str(codes))
    assert status == 1
    assert [line.split(":")[0] for line in told.splitlines()] == [
        "dòng 3", "dòng 4", "dòng 5", "dòng 6", "dòng 7", "dòng 8", "dòng 9", "Chưa nhập mã nào."
    ]  # fmt: skip
    with running.client("routing", "admin", "44") as anybody:
        assert anybody.get("/v1/agencies/19351").json()["identification_code"] is None


@pytest.mark.parametrize("text", ["", "code;identification_code\n19333;H50.142\n", "code,identification_code\n"])
def test_what_is_no_such_list_is_told(running: Running, codes: Path, text: str) -> None:
    codes.write_text(text, encoding="utf-8")
    status, _, told = motcua(running, "identification-codes", str(codes))
    assert status == 1
    assert "code,identification_code" in told


def test_what_is_no_text_is_told(running: Running, codes: Path) -> None:
    codes.write_bytes(b"code,identification_code\n\xff\xfe\x00")
    assert motcua(running, "identification-codes", str(codes))[0] == 1
