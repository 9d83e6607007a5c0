"""Items as a province sends them. Instants carry their weekday: a wrong one is an error of the test."""

from typing import Any

from tests.support import at

#: Copy from a register: one working day at most. Birth registration: no term in the catalogue.
REGISTER_COPY, BIRTH = "2.000908", "1.001193"
UNIT = "H50.101"


def digits(text: str) -> str:
    """`digits("Monday 2026-08-03 09:00")`: as the protocol writes it."""
    return at(text).strftime("%Y%m%d%H%M%S")


def code(number: int = 1, unit: str = UNIT, day: str = "260803") -> str:
    return f"{unit}-{day}-{number:04d}"


def a_dossier(number: int = 1, **more: Any) -> dict[str, Any]:
    """Received on Monday 3/8/2026, due on Friday, in process. A field of None is left out."""
    item = {
        "MaHoSo": code(number),
        "MaTTHC": REGISTER_COPY,
        "TenTTHC": "Cấp bản sao từ sổ gốc",
        "KenhThucHien": "1",
        "ChuHoSo": "Nguyễn Thị Đào",
        "LoaiDoiTuong": "1",
        "TrichYeuHoSo": "Bản sao giấy khai sinh",
        "NgayTiepNhan": digits("Monday 2026-08-03 09:00"),
        "NgayHenTra": digits("Friday 2026-08-07 17:00"),
        "TrangThaiHoSo": "4",
        "HinhThuc": "0",
        "DonViXuLy": "UBND phường",
        **more,
    }
    return {name: value for name, value in item.items() if value is not None}


def finished(when: str, number: int = 1, **more: Any) -> dict[str, Any]:
    """The same, finished then."""
    return a_dossier(number, TrangThaiHoSo="9", NgayKetThucXuLy=digits(when), **more)


def a_step(number: int = 1, status: str = "4", when: str = "Monday 2026-08-03 10:00", **more: Any) -> dict[str, Any]:
    """An entry of a dossier's process."""
    return {
        "MaHoSo": code(number),
        "NguoiXuLy": "Lê Văn Bình",
        "ThoiDiemXuLy": digits(when),
        "NoiDungXuLy": "Chuyển xử lý",
        "TrangThai": status,
        **more,
    }


def a_supplement(asked: str, answered: str | None = None) -> dict[str, Any]:
    """A request to supplement, and when it was met."""
    found = {"HoSoBoSungId": "1", "NoiDungBoSung": "Thiếu bản chính", "NgayBoSung": digits(asked)}
    return found | ({"NgayTiepNhanBoSung": digits(answered)} if answered else {})
