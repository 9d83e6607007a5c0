"""What the national database is told of a dossier's papers, and each thing that stands in the way."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from intake_service.documents.national import Message, message_of
from intake_service.documents.rules import FileRow, Paper, Result, held_against
from shared.web.problems import Reason

COMPONENTS = [
    {"code": "GT.01", "name": "Tờ khai", "required": True, "forms": [{"kind": "original", "count": 1}]},
    {"code": "GT.02", "name": "Giấy chứng sinh", "required": True, "forms": [{"kind": "copy", "count": 1}]},
]
SCAN = FileRow("f1", "tờ khai.pdf", "GT.01", True, True, 0, False)
OLD = FileRow("f0", "tờ khai cũ.pdf", "GT.01", False, None, None, None)
OTHER = FileRow("f2", "ảnh.jpg", None, True, None, None, None)
GIVEN = FileRow("r1", "trích lục.pdf", "result", True, None, None, None)
PAPERS = [Paper("Tờ khai", "original", 1), Paper("Giấy chứng sinh", "certified_copy", 2), Paper("Đơn", "original", 1)]
RESULT = Result(
    *(5, datetime(2026, 11, 27, tzinfo=UTC), "handler@19333", 1, "125/GCN", date(2026, 11, 27)),
    name="Trích lục khai sinh",
    code="KQ.01",
    file="r1",
)


def address_of(file_id: str) -> str:
    return f"https://motcua.quangtri.gov.vn/tep/{file_id}"


def message(
    files: Any = (OLD, SCAN, OTHER, GIVEN),
    papers: Any = PAPERS,
    result: Result | None = RESULT,
    *,
    components: Any = COMPONENTS,
    has_result: bool = True,
    **more: Any,
) -> Message:
    told = {"erased": False, "address_of": address_of, **more}
    return message_of(held_against(components, papers, files), result, has_result=has_result, **told)


def test_what_is_there_is_told_as_it_is() -> None:
    assert message() == Message(
        {
            "HoSoCoThanhPhanSoHoa": "1",
            "TaiLieuNop": [
                {
                    "TepDinhKemId": "f0",
                    "TenTepDinhKem": "tờ khai cũ.pdf",
                    "IsDeleted": "True",
                    "MaThanhPhanHoSo": "GT.01",
                },
                {
                    "TepDinhKemId": "f1",
                    "TenTepDinhKem": "tờ khai.pdf",
                    "IsDeleted": "False",
                    "MaThanhPhanHoSo": "GT.01",
                    "DuongDanTaiTepTin": "https://motcua.quangtri.gov.vn/tep/f1",
                    "DuocSoHoa": "1",
                    "DuocTaiSuDung": "0",
                    "DuocLayTuKhoDMQG": "0",
                },
            ],
            "DanhSachTepDinhKemKhac": [
                {"TenGiayTo": "Giấy chứng sinh", "SoLuong": "2", "LoaiGiayTo": "1"},
                {"TenGiayTo": "Đơn", "SoLuong": "1", "LoaiGiayTo": "0"},
                {"TenGiayTo": "ảnh.jpg", "SoLuong": "1", "LoaiGiayTo": "2"},
            ],
            "DanhSachGiayToKetQua": [
                {
                    "TenGiayTo": "Trích lục khai sinh",
                    "GiayToId": "r1",
                    "DuongDanTepTinKetQua": "https://motcua.quangtri.gov.vn/tep/r1",
                    "MaGiayToKetQua": "KQ.01",
                }
            ],
        },
        (),
    )


def test_of_a_dossier_that_is_not_over_there_is_no_result_to_tell() -> None:
    told = message((SCAN,), result=None, has_result=False).fields
    assert told is not None
    assert told["DanhSachGiayToKetQua"] == []
    empty = message((), (), None, components=[], has_result=False, address_of=None)
    assert empty.fields == {
        "HoSoCoThanhPhanSoHoa": "0",
        **{name: [] for name in ("TaiLieuNop", "DanhSachTepDinhKemKhac", "DanhSachGiayToKetQua")},
    }


def test_a_code_that_nobody_has_said_is_left_out() -> None:
    told = message(result=replace(RESULT, code=None)).fields
    assert told is not None
    assert "MaGiayToKetQua" not in told["DanhSachGiayToKetQua"][0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"components": None}, {("components", "national_components")}),
        ({"files": (replace(SCAN, digitised=None), GIVEN)}, {("files.f1.digitised", "national_not_said")}),
        ({"files": (replace(SCAN, reused=None), GIVEN)}, {("files.f1.reused", "national_not_said")}),
        ({"files": (replace(SCAN, from_store=None), GIVEN)}, {("files.f1.from_store", "national_not_said")}),
        ({"address_of": None}, {("", "national_no_address")}),
        ({"files": (GIVEN,), "address_of": None}, {("", "national_no_address")}),
        ({"result": None}, {("result", "national_no_result")}),
        ({"result": replace(RESULT, name=None)}, {("result.name", "required")}),
        ({"result": replace(RESULT, file=None)}, {("result.file", "required")}),
        ({"files": (SCAN,)}, {("result.file", "national_not_the_agencys")}),
        ({"result": replace(RESULT, file="f1")}, {("result.file", "national_not_the_agencys")}),
        ({"files": (SCAN, replace(GIVEN, latest=False))}, {("result.file", "result_replaced")}),
        ({"erased": True}, {("", "national_erased")}),
    ],
)
def test_what_nobody_has_said_blocks_and_nothing_takes_its_place(
    given: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    found = message(**given)
    assert found.fields is None
    assert {(each.field, each.code) for each in found.blockers} == expected
    assert all(isinstance(each, Reason) and each.text("vi") and each.text("en") for each in found.blockers)
