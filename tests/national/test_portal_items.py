"""What the portal takes and what it refuses, item by item."""

from typing import Any

import pytest

from tests.national.bodies import a_dossier, a_step, a_supplement, code, digits, finished
from tests.national.running import per_item, reasons

EXISTS, NOT_THERE, WRONG_ITEM, TOO_MANY, WRONG_BODY = 3, -4, -8, -9, -11
MONDAY, FRIDAY = "Monday 2026-08-03 09:00", "Friday 2026-08-07 09:00"
DOCUMENT = {"TenTepDinhKem": "don.pdf"}
FEE = {"TenPhiLePhi": "Lệ phí", "MaPhiLePhi": "PLP1", "HinhThucThu": "1", "Gia": 8000}


@pytest.mark.parametrize(
    "item",
    [
        a_dossier(),
        a_dossier(MaHoSo="000.00.01.H50-260803-0001"),
        a_dossier(MaHoSo="000.00.01.H50-260803-10001"),
        a_dossier(MaHoSo="H50.14-20260803-0092637"),
        a_dossier(MaTTHC="2.000908.000.00.00.H50"),
        a_dossier(KenhThucHien=None, NgayHenTra=None),
        a_dossier(KenhThucHien="2", MaDoiTuong="tech-1", NgayNopHoSo=digits("Monday 2026-08-03 08:59")),
        a_dossier(KenhThucHien="", Email="", NgayTra="", TaiLieuNop=None, GhiChu=""),
        a_dossier(TrichYeuHoSo="ạ" * 1000),
        a_dossier(NgayHenTra=digits(MONDAY)),
        a_dossier(DinhDanhCHS=[{"LoaiDinhDanh": "1", "SoDinhDanh": "044200000017"}]),
        a_dossier(DinhDanhCHS=[{"LoaiDinhDanh": "2", "SoDinhDanh": "197000017"}]),
        a_dossier(DSKetNoiCSDL=[{"MaCSDL": "1"}], NoiNopHoSo="2", TaiKhoanDuocXacThucVoiVNeID="1"),
        a_dossier(TaiLieuNop=[{**DOCUMENT, "TenTepDinhKem": "t" * 4000, "DuocTaiSuDung": "2", "IsDeleted": "False"}]),
        a_dossier(DanhSachLePhi=[FEE, {**FEE, "HinhThucThu": "4", "Gia": "8000"}], DuocThanhToanTrucTuyen="3"),
        a_dossier(DanhSachTepDinhKemKhac=[{"TenGiayTo": "Đơn", "SoLuong": 1, "LoaiGiayTo": "2"}]),
        a_dossier(TrangThaiHoSo="5", DanhSachHoSoBoSung=[a_supplement(FRIDAY)]),
        a_dossier(DanhSachHoSoBoSung=[a_supplement(MONDAY, FRIDAY)]),
        a_dossier(TrangThaiHoSo="1", NgayTiepNhan=None, NgayHenTra=None, NgayNopHoSo=digits(MONDAY)),
        a_dossier(TrangThaiHoSo="3", NgayTiepNhan=None, NgayHenTra=None, NgayTuChoi=digits(MONDAY)),
        finished(FRIDAY, DanhSachGiayToKetQua=[{"TenGiayTo": "k" * 2000, "DuongDanTepTinKetQua": "https://x/1"}]),
        a_dossier(TrangThaiHoSo="10", NgayKetThucXuLy=digits(FRIDAY), NgayTra=digits(FRIDAY)),
        *(a_dossier(TrangThaiHoSo=status) for status in ("2", "4", "6", "7", "8")),
    ],
    ids=lambda item: str({name: value for name, value in item.items() if value != a_dossier().get(name)})[:60],
)
def test_what_is_right_is_taken_and_given_back(caller, item):
    answer = caller.send(item)
    assert (answer["error_code"], per_item(answer)) == (0, [0]), answer
    (found,) = caller.look_up(item["MaHoSo"])
    assert found == {**item, "DanhSachTienDo": []}


@pytest.mark.parametrize(
    ("changed", "field", "word"),
    [
        *(({name: None}, name, "missing") for name in ("MaHoSo", "MaTTHC", "TrangThaiHoSo", "DonViXuLy")),
        ({"MaTTHC": ""}, "MaTTHC", "missing"),
        ({"NgayTiepNhan": None}, "NgayTiepNhan", "missing"),
        ({"TrangThaiHoSo": "1"}, "NgayNopHoSo", "missing"),
        ({"TrangThaiHoSo": "3"}, "NgayTuChoi", "missing"),
        ({"TrangThaiHoSo": "9"}, "NgayKetThucXuLy", "missing"),
        ({"TrangThaiHoSo": "10", "NgayKetThucXuLy": digits(FRIDAY)}, "NgayTra", "missing"),
        ({"TrichYeuHoSo": "a" * 1001}, "TrichYeuHoSo", "too_long"),
        ({"TaiLieuNop": [{"TenTepDinhKem": "t" * 4001}]}, "TaiLieuNop[0].TenTepDinhKem", "too_long"),
        ({"DanhSachGiayToKetQua": [{"TenGiayTo": "k" * 2001}]}, "DanhSachGiayToKetQua[0].TenGiayTo", "too_long"),
        *(
            ({"NgayTiepNhan": text}, "NgayTiepNhan", "not_a_date")
            for text in (
                "20260230090000",
                "20260803250000",
                "2026080309000",
                "2026-08-03 09:00",
                "03/08/2026",
                "２０２６0803090000",
            )
        ),
        ({"NgayTiepNhan": 20260803090000}, "NgayTiepNhan", "wrong_type"),
        ({"NgayHenTra": digits("Monday 2026-08-03 08:59")}, "NgayHenTra", "order"),
        ({"NgayNopHoSo": digits(FRIDAY)}, "NgayTiepNhan", "order"),
        (
            {"TrangThaiHoSo": "9", "NgayKetThucXuLy": digits("Friday 2026-07-31 09:00")},
            "NgayKetThucXuLy",
            "order",
        ),
        (
            {"TrangThaiHoSo": "10", "NgayKetThucXuLy": digits(FRIDAY), "NgayTra": digits(MONDAY)},
            "NgayTra",
            "order",
        ),
        ({"DanhSachHoSoBoSung": [a_supplement(FRIDAY, MONDAY)]}, "DanhSachHoSoBoSung[0].NgayTiepNhanBoSung", "order"),
        ({"DanhSachHoSoBoSung": [{"NoiDungBoSung": "x"}]}, "DanhSachHoSoBoSung[0].NgayBoSung", "missing"),
        *(({"TrangThaiHoSo": value}, "TrangThaiHoSo", "not_allowed") for value in ("0", "11", "04", "Đã trả")),
        ({"TrangThaiHoSo": 4}, "TrangThaiHoSo", "wrong_type"),
        ({"KenhThucHien": "4"}, "KenhThucHien", "not_allowed"),
        ({"LoaiDoiTuong": "5"}, "LoaiDoiTuong", "not_allowed"),
        ({"HinhThuc": "2"}, "HinhThuc", "not_allowed"),
        ({"NoiNopHoSo": "3"}, "NoiNopHoSo", "not_allowed"),
        ({"DuocThanhToanTrucTuyen": "4"}, "DuocThanhToanTrucTuyen", "not_allowed"),
        ({"HoSoCoThanhPhanSoHoa": "2"}, "HoSoCoThanhPhanSoHoa", "not_allowed"),
        ({"TaiLieuNop": [{**DOCUMENT, "DuocTaiSuDung": "3"}]}, "TaiLieuNop[0].DuocTaiSuDung", "not_allowed"),
        ({"TaiLieuNop": [{"TepDinhKemId": "1"}]}, "TaiLieuNop[0].TenTepDinhKem", "missing"),
        (
            {"TaiLieuNop": [DOCUMENT, {**DOCUMENT, "DuongDanTaiTepTin": "C:\\don.pdf"}]},
            "TaiLieuNop[1].DuongDanTaiTepTin",
            "not_allowed",
        ),
        ({"TaiLieuNop": {}}, "TaiLieuNop", "wrong_type"),
        ({"TaiLieuNop": ["x"]}, "TaiLieuNop[0].", "wrong_type"),
        ({"DanhSachLePhi": [{**FEE, "HinhThucThu": "3"}]}, "DanhSachLePhi[0].HinhThucThu", "not_allowed"),
        ({"DanhSachLePhi": [{**FEE, "Gia": -1}]}, "DanhSachLePhi[0].Gia", "wrong_type"),
        ({"MaDoiTuong": "tech-1"}, "MaDoiTuong", "not_allowed"),
        *(
            (
                {"DinhDanhCHS": [{"LoaiDinhDanh": kind, "SoDinhDanh": number}]},
                "DinhDanhCHS[0].SoDinhDanh",
                "not_allowed",
            )
            for kind, number in (
                ("1", "197000017"),
                ("2", "044200000017"),
                ("1", "04420000001x"),
                # What systems put in where they know none.
                ("2", "000000001"),
            )
        ),
        (
            {"DinhDanhCHS": [{"LoaiDinhDanh": "3", "SoDinhDanh": "1"}]},
            "DinhDanhCHS[0].LoaiDinhDanh",
            "not_allowed",
        ),
        ({"MaTTHC": "9.999999"}, "MaTTHC", "unknown_procedure"),
        ({"MaTTHC": "khai sinh"}, "MaTTHC", "unknown_procedure"),
        ({"MaLinhVuc": "LV999"}, "MaLinhVuc", "unknown_field_code"),
        ({"MaHoSoKhac": "x"}, "MaHoSoKhac", "unknown_field"),
        ({"DSKetNoiCSDL": [{"MaCSDL": "1", "Ten": "x"}]}, "DSKetNoiCSDL[0].Ten", "unknown_field"),
        *(
            ({"MaHoSo": text}, "MaHoSo", "bad_code")
            for text in (
                "QT25-D03-260803-0001",
                "H50.101-260803-001",
                "H50.101-260230-0001",
                "H50.101-20261303-0001",
                "H50.101-260803",
                "000.00.00.H50",
            )
        ),
        ({"MaHoSo": "H49.101-260803-0001"}, "MaHoSo", "foreign_code"),
        ({"MaHoSo": "000.00.01.G50-260803-0001"}, "MaHoSo", "foreign_code"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_wrong_is_refused_by_field(caller, changed, field, word):
    answer = caller.send(a_dossier(**changed))
    assert (answer["error_code"], per_item(answer)) == (WRONG_ITEM, [WRONG_ITEM])
    assert (field, word) in reasons(answer)
    assert caller.portal.control("GET", "dossiers") == []


def test_what_is_no_item_is_refused(caller):
    assert per_item(caller.send("x", None, [])) == [WRONG_ITEM] * 3
    nothing: list[Any] = [[], {}, None, "x"]
    for data in nothing:
        assert caller.call("DongBoHoSoMC", isUpdating="False", data=data)["error_code"] == WRONG_BODY
    assert caller.call("DongBoHoSoMC", isUpdating="true", data=[a_dossier()])["error_code"] == WRONG_BODY
    assert caller.call("DongBoHoSoMC", isUpdating=False, data=[a_dossier()])["error_code"] == WRONG_BODY


def test_the_switches_loosen_it(caller):
    caller.portal.set(unknown_fields="ignore", code_format="any")
    item = a_dossier(MaHoSo="QT25-D03-260803-0001", MaHoSoKhac="x")
    assert caller.send(item)["error_code"] == 0
    caller.portal.set(also_required=["Email"])
    assert reasons(caller.send(a_dossier())) == [("Email", "missing")]


@pytest.mark.parametrize("duplicate", [3, -3, "3"])
def test_a_new_one_that_is_there_already(caller, duplicate):
    caller.portal.set(duplicate_code=duplicate)
    caller.send(a_dossier())
    answer = caller.send(a_dossier(TrangThaiHoSo="2"))
    assert (answer["error_code"], per_item(answer)) == (duplicate, [duplicate])
    assert "đã tồn tại" in answer["message"]
    assert caller.portal.stored(code())["TrangThaiHoSo"] == "4"


def test_an_update_replaces_and_needs_what_it_updates(caller):
    answer = caller.send(finished(FRIDAY), updating=True)
    assert (answer["error_code"], per_item(answer)) == (NOT_THERE, [NOT_THERE])
    caller.send(a_dossier(GhiChu="cũ"))
    assert caller.send(finished(FRIDAY), updating=True)["error_code"] == 0
    assert caller.portal.stored(code()) == finished(FRIDAY)
    assert caller.portal.kinds_of(code()) == ["new", "update"]


def test_the_same_update_again_changes_nothing(caller):
    caller.send(a_dossier())
    for _ in range(2):
        assert caller.send(finished(FRIDAY), updating=True)["error_code"] == 0
    assert caller.portal.kinds_of(code()) == ["new", "update"]


def test_the_good_ones_of_a_batch_are_kept(caller):
    answer = caller.send(a_dossier(1), a_dossier(2, MaTTHC=""), a_dossier(1), a_dossier(3))
    assert per_item(answer) == [0, WRONG_ITEM, EXISTS, 0]
    assert answer["error_code"] == WRONG_ITEM
    assert [one["code"] for one in caller.portal.control("GET", "dossiers")] == [code(1), code(3)]


def test_or_all_of_it_stands_or_falls(caller):
    caller.portal.set(batch="all")
    assert caller.send(a_dossier(1), a_dossier(2, MaTTHC=""))["error_code"] == WRONG_ITEM
    assert caller.portal.control("GET", "dossiers") == []
    assert caller.send(a_dossier(1), a_dossier(2))["error_code"] == 0
    assert len(caller.portal.control("GET", "dossiers")) == 2


def test_a_timeline_belongs_to_a_dossier(caller):
    assert per_item(caller.tell(a_step())) == [NOT_THERE]
    caller.send(a_dossier())
    steps = [a_step(), a_step(status="9", when=FRIDAY, ChucDanh="Công chức", NgayBatDau=digits(MONDAY))]
    assert caller.tell(*steps)["error_code"] == 0
    assert caller.look_up(code())[0]["DanhSachTienDo"] == steps
    caller.portal.set(lookup_timelines=False)
    assert "DanhSachTienDo" not in caller.look_up(code())[0]


@pytest.mark.parametrize(
    ("changed", "field", "word"),
    [
        *(
            ({name: ""}, name, "missing")
            for name in ("MaHoSo", "NguoiXuLy", "ThoiDiemXuLy", "NoiDungXuLy", "TrangThai")
        ),
        ({"NguoiXuLy": "n" * 51}, "NguoiXuLy", "too_long"),
        ({"ThoiDiemXuLy": "20260231000000"}, "ThoiDiemXuLy", "not_a_date"),
        ({"NgayKetThucTheoQuyDinh": "x"}, "NgayKetThucTheoQuyDinh", "not_a_date"),
        ({"TrangThai": "11"}, "TrangThai", "not_allowed"),
        ({"GhiChu": "x"}, "GhiChu", "unknown_field"),
    ],
    ids=str,
)
def test_a_wrong_timeline_is_refused_by_field(caller, changed, field, word):
    caller.send(a_dossier())
    answer = caller.tell({**a_step(), **changed})
    assert answer["error_code"] == WRONG_ITEM
    assert (field, word) in reasons(answer)


def test_a_name_of_fifty_is_taken(caller):
    caller.send(a_dossier())
    assert caller.tell(a_step(NguoiXuLy="ễ" * 50))["error_code"] == 0


def test_more_than_ten_timelines_are_refused_together(caller):
    caller.send(a_dossier())
    steps = [a_step(when=f"Monday 2026-08-03 10:{minute:02d}") for minute in range(11)]
    assert caller.tell(*steps)["error_code"] == TOO_MANY
    assert caller.portal.kinds_of(code()) == ["new"]
    assert caller.tell(*steps[:10])["error_code"] == 0


@pytest.mark.parametrize(
    ("rule", "codes", "kept"), [("append", [0, 0], 2), ("ignore", [0, 0], 1), ("refuse", [0, EXISTS], 1)]
)
def test_the_same_timeline_again(caller, rule, codes, kept):
    caller.portal.set(timelines=rule)
    caller.send(a_dossier())
    assert per_item(caller.tell(a_step(), a_step())) == codes
    assert caller.portal.kinds_of(code()).count("timeline") == kept


def test_a_status_is_told_of_one_dossier(caller):
    notice = {"MaHoSo": code(), "TrangThai": "11", "NgayXuLy": digits(MONDAY), "NoiDung": "Không đủ điều kiện"}
    assert caller.call("DongBoTrangThaiHoSo", type="2", data=notice)["error_code"] == NOT_THERE
    caller.send(a_dossier())
    assert caller.call("DongBoTrangThaiHoSo", type="2", data=notice)["error_code"] == 0
    assert caller.call("DongBoTrangThaiHoSo", type="1", data=notice)["error_code"] == WRONG_BODY
    for wrong in ({**notice, "TrangThai": "12"}, {**notice, "NgayXuLy": ""}, [notice], {**notice, "x": 1}):
        assert caller.call("DongBoTrangThaiHoSo", type="2", data=wrong)["error_code"] == WRONG_ITEM
    assert caller.portal.kinds_of(code()) == ["new", "notice"]


def test_a_look_up_names_a_code(caller):
    assert caller.call("TraCuuHoSo")["error_code"] == WRONG_BODY
    assert caller.look_up("H50.101-260803-9999") == []
