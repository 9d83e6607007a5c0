"""What an item must look like. Each refusal names the field, a word for what is wrong, and the reason in Vietnamese.

Only the names, the values of codes and three lengths (1000, 50, 4000) were seen; docs/national-portal.md lists what of
the rest is assumed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from tests.national_portal.moments import moment

Item: TypeAlias = dict[str, Any]
#: What is wrong with a value, None: nothing.
Fault: TypeAlias = tuple[str, str] | None
Check: TypeAlias = "Callable[[Any], Fault] | Listing"

_OLD_CODE = re.compile(r"\d{3}\.\d{2}\.\d{2}\.([A-Z]\d{2})-(\d{6})-\d{4,7}", re.ASCII)
_NEW_CODE = re.compile(r"([A-Z]\d{2})(?:\.\d{2,3}){0,3}-(\d{6}|\d{8})-\d{4,7}", re.ASCII)
_PLACEHOLDERS = {"000000000", "000000001", "000000000000", "000000000001"}


class Refused(NamedTuple):
    """One thing that is wrong with an item."""

    field: str
    code: str
    reason: str

    def __str__(self) -> str:
        """As a tester is told it."""
        return f"{self.field}: {self.reason} ({self.code})"


class Listing(NamedTuple):
    """A field that holds a list of items."""

    fields: Mapping[str, "Check"]
    required: frozenset[str] = frozenset()
    and_then: Callable[[Item], Sequence[Refused]] = lambda item: ()


def text(most: int = 4000) -> Check:
    """A text of at most so many characters."""

    def check(value: Any) -> Fault:
        if not isinstance(value, str):
            return "wrong_type", "phải là chuỗi ký tự"
        return ("too_long", f"vượt quá {most} ký tự") if len(value) > most else None

    return check


def one_of(*values: str) -> Check:
    """One of the codes, as text."""
    allowed, said = frozenset(values), ", ".join(values)

    def check(value: Any) -> Fault:
        if not isinstance(value, str):
            return "wrong_type", "phải là chuỗi ký tự"
        return None if value in allowed else ("not_allowed", f"phải là một trong: {said}")

    return check


def _instant(value: Any) -> Fault:
    if not isinstance(value, str):
        return "wrong_type", "phải là chuỗi ký tự"
    return None if moment(value) else ("not_a_date", "phải là ngày giờ có thật, dạng yyyyMMddHHmmss")


def _amount(value: Any) -> Fault:
    if isinstance(value, bool) or not (
        (isinstance(value, int | float) and value >= 0)
        or (isinstance(value, str) and value.isascii() and value.isdigit())
    ):
        return "wrong_type", "phải là số không âm"
    return None


def _link(value: Any) -> Fault:
    if not isinstance(value, str):
        return "wrong_type", "phải là chuỗi ký tự"
    return None if value.startswith(("http://", "https://")) else ("not_allowed", "phải là đường dẫn http hoặc https")


def _anything(value: Any) -> Fault:
    return None


_YES_NO = one_of("0", "1")
_BOOLEAN = one_of("0", "1", "True", "False")
STATUSES = tuple(str(number) for number in range(1, 11))


def _identity(item: Item) -> Sequence[Refused]:
    number, kind = item.get("SoDinhDanh"), item.get("LoaiDinhDanh")
    digits = {"1": 12, "2": 9}.get(kind if isinstance(kind, str) else "")
    if not digits or not isinstance(number, str) or not number:
        return ()
    if len(number) != digits or not (number.isascii() and number.isdigit()):
        return (Refused("SoDinhDanh", "not_allowed", f"phải gồm {digits} chữ số"),)
    if number in _PLACEHOLDERS:
        return (Refused("SoDinhDanh", "not_allowed", "không phải số định danh có thật"),)
    return ()


def _in_order(item: Item, *names: str) -> list[Refused]:
    """Each date that is there is not before those named before it."""
    found: list[Refused] = []
    before: tuple[str, datetime] | None = None
    for name in names:
        value = item.get(name)
        at = moment(value) if isinstance(value, str) else None
        if at is None:
            continue
        if before and at < before[1]:
            found.append(Refused(name, "order", f"sớm hơn {before[0]}"))
        else:
            before = name, at
    return found


def _supplement(item: Item) -> Sequence[Refused]:
    return _in_order(item, "NgayBoSung", "NgayTiepNhanBoSung")


_DOCUMENT: dict[str, Check] = {
    "TepDinhKemId": text(100),
    "TenTepDinhKem": text(4000),
    "IsDeleted": _BOOLEAN,
    "MaThanhPhanHoSo": text(200),
    "DuongDanTaiTepTin": _link,
    "DuocSoHoa": _YES_NO,
    "DuocTaiSuDung": one_of("0", "1", "2"),
    "DuocLayTuKhoDMQG": _YES_NO,
    "MaKetQuaThayThe": text(200),
}
_FEE: dict[str, Check] = {
    "TenPhiLePhi": text(1000),
    "MaPhiLePhi": text(100),
    "HinhThucThu": one_of("1", "2", "4"),
    "Gia": _amount,
    "LoaiPhiLePhi": text(50),
}
_PAPER: dict[str, Check] = {"TenGiayTo": text(2000), "SoLuong": _amount, "LoaiGiayTo": one_of("0", "1", "2")}

DOSSIER: dict[str, Check] = {
    "MaHoSo": text(100),
    "MaTTHC": text(100),
    "TenTTHC": text(4000),
    "MaLinhVuc": text(100),
    "TenLinhVuc": text(1000),
    "SoBienNhan": text(100),
    "KenhThucHien": one_of("1", "2", "3"),
    "ChuHoSo": text(500),
    "SoGiayToChuHoSo": text(100),
    "LoaiDoiTuong": one_of("1", "2", "3", "4"),
    "MaDoiTuong": text(200),
    "ThongTinKhac": text(4000),
    "Email": text(200),
    "Fax": text(50),
    "SoDienThoai": text(50),
    "TrichYeuHoSo": text(1000),
    "NgayNopHoSo": _instant,
    "NgayTiepNhan": _instant,
    "NgayHenTra": _instant,
    "NgayTra": _instant,
    "NgayKetThucXuLy": _instant,
    "NgayTuChoi": _instant,
    "TrangThaiHoSo": one_of(*STATUSES),
    "ThongTinTra": text(4000),
    "HinhThuc": one_of("0", "1"),
    "DonViXuLy": text(500),
    "GhiChu": text(4000),
    "NoiNopHoSo": one_of("1", "2"),
    "HoSoCoThanhPhanSoHoa": _YES_NO,
    "TaiKhoanDuocXacThucVoiVNeID": _YES_NO,
    "DuocThanhToanTrucTuyen": one_of("0", "1", "2", "3"),
    "DinhDanhCHS": Listing(
        {"LoaiDinhDanh": one_of("1", "2"), "SoDinhDanh": text(20)},
        frozenset({"LoaiDinhDanh", "SoDinhDanh"}),
        _identity,
    ),
    "DSKetNoiCSDL": Listing({"MaCSDL": text(50)}, frozenset({"MaCSDL"})),
    "TaiLieuNop": Listing(_DOCUMENT, frozenset({"TenTepDinhKem"})),
    "DanhSachLePhi": Listing(_FEE, frozenset({"TenPhiLePhi", "MaPhiLePhi", "HinhThucThu", "Gia"})),
    "DanhSachTepDinhKemKhac": Listing(_PAPER, frozenset({"TenGiayTo"})),
    "DanhSachHoSoBoSung": Listing(
        {
            "HoSoBoSungId": text(100),
            "NguoiYeuCauBoSung": text(200),
            "NoiDungBoSung": text(4000),
            "NgayBoSung": _instant,
            "NguoiTiepNhanBoSung": text(200),
            "ThongTinTiepNhan": text(4000),
            "NgayTiepNhanBoSung": _instant,
            "TrangThaiBoSung": text(50),
            "DanhSachGiayToBoSung": _anything,
            "DanhSachLePhiBoSung": Listing(_FEE),
            "NgayHenTraTruoc": _instant,
            "NgayHenTraMoi": _instant,
        },
        frozenset({"NgayBoSung"}),
        _supplement,
    ),
    "DanhSachGiayToKetQua": Listing(
        {
            "TenGiayTo": text(2000),
            "MaThanhPhanHoSo": text(200),
            "GiayToId": text(100),
            "DuongDanTepTinKetQua": _link,
            "MaGiayToKetQua": text(200),
        },
        frozenset({"TenGiayTo"}),
    ),
}
DOSSIER_REQUIRED = frozenset({"MaHoSo", "MaTTHC", "TrangThaiHoSo", "DonViXuLy"})
#: status → what it cannot be without
_STATUS_NEEDS = {
    "1": ("NgayNopHoSo",),
    "3": ("NgayTuChoi",),
    **dict.fromkeys(("2", "4", "5", "6", "7", "8"), ("NgayTiepNhan",)),
    "9": ("NgayTiepNhan", "NgayKetThucXuLy"),
    "10": ("NgayTiepNhan", "NgayKetThucXuLy", "NgayTra"),
}

TIMELINE: dict[str, Check] = {
    "MaHoSo": text(100),
    "NguoiXuLy": text(50),
    "ChucDanh": text(200),
    "ThoiDiemXuLy": _instant,
    "PhongBanXuLy": text(500),
    "NoiDungXuLy": text(4000),
    "TrangThai": one_of(*STATUSES),
    "NgayBatDau": _instant,
    "NgayKetThucTheoQuyDinh": _instant,
}
TIMELINE_REQUIRED = frozenset({"MaHoSo", "NguoiXuLy", "ThoiDiemXuLy", "NoiDungXuLy", "TrangThai"})

#: 11: a refusal, seen once in a ministry's system.
NOTICE: dict[str, Check] = {
    "MaHoSo": text(100),
    "TrangThai": one_of(*STATUSES, "11"),
    "MaHoSoDonVi": text(100),
    "MaDoiTuong": text(200),
    "NoiDung": text(4000),
    "NgayXuLy": _instant,
    "TaiLieuXuLy": Listing(_DOCUMENT, frozenset({"TenTepDinhKem"})),
}
NOTICE_REQUIRED = frozenset({"MaHoSo", "TrangThai", "NgayXuLy"})

QUESTION: dict[str, Check] = {
    "HOIDAPID": _anything,
    "MALINHVUC": text(100),
    "MaLinhVuc": text(100),
    "NOIDUNG": text(4000),
    "MADONVI": text(100),
    "TENDONVI": text(500),
    "TRALOIID": _anything,
    "NOIDUNGTRALOI": text(),
}
QUESTION_REQUIRED = frozenset({"HOIDAPID", "NOIDUNG", "MADONVI"})
ANSWER: dict[str, Check] = {
    "HOIDAPID": _anything,
    "MADONVI": text(100),
    "NGUOITRALOI": text(200),
    "CHUCVUNGUOITRALOI": text(200),
    "NGAYTRALOI": text(30),
    "NOIDUNGTRALOI": text(),
}
ANSWER_REQUIRED = frozenset({"HOIDAPID", "MADONVI", "NGUOITRALOI", "NGAYTRALOI", "NOIDUNGTRALOI"})
RATING: dict[str, Check] = {
    "MaHoSo": text(100),
    "LoaiDanhGia": text(50),
    "NguoiDanhGia": text(500),
    "NoiDung": text(4000),
    "ThoiGian": _instant,
    "DanhGia": text(50),
}
RATING_REQUIRED = frozenset({"MaHoSo", "DanhGia", "ThoiGian"})


def absent(value: Any) -> bool:
    """Systems in use send an empty text for what they do not have."""
    return value is None or value == ""


def wrong(
    item: Any, fields: Mapping[str, Check], required: frozenset[str], *, unknown_too: bool, path: str = ""
) -> list[Refused]:
    """What is wrong with an item, field by field."""
    if not isinstance(item, dict):
        return [Refused(path or "data", "wrong_type", "phải là một đối tượng")]
    found = [Refused(path + name, "missing", "bắt buộc phải có") for name in sorted(required) if absent(item.get(name))]
    for name, value in item.items():
        check = fields.get(name)
        if check is None:
            if unknown_too:
                found.append(Refused(path + name[:60], "unknown_field", "trường không có trong tài liệu kết nối"))
        elif absent(value):
            continue
        elif isinstance(check, Listing):
            if not isinstance(value, list):
                found.append(Refused(path + name, "wrong_type", "phải là một danh sách"))
                continue
            for number, part in enumerate(value):
                place = f"{path}{name}[{number}]."
                found += wrong(part, check.fields, check.required, unknown_too=unknown_too, path=place)
                if isinstance(part, dict):
                    found += [one._replace(field=place + one.field) for one in check.and_then(part)]
        else:
            fault = check(value)
            if fault:
                found.append(Refused(path + name, *fault))
    return found


def wrong_code(code: Any, madonvi: str, code_format: str) -> Refused | None:
    """What is wrong with a dossier's code: its form, its date, its province."""
    if not isinstance(code, str) or code_format == "any":
        return None
    match = _OLD_CODE.fullmatch(code) or _NEW_CODE.fullmatch(code)
    if match is None:
        return Refused("MaHoSo", "bad_code", "không đúng cấu trúc mã hồ sơ")
    digits = match[2]
    if moment(("20" if len(digits) == 6 else "") + digits + "000000") is None:
        return Refused("MaHoSo", "bad_code", "ngày trong mã hồ sơ không có thật")
    if match[1] != province_of(madonvi):
        return Refused("MaHoSo", "foreign_code", "mã hồ sơ không thuộc đơn vị gửi")
    return None


def province_of(madonvi: str) -> str:
    """The part of an identification code that names the province or ministry: H50, in either form."""
    return next((part for part in madonvi.split(".") if re.fullmatch(r"[A-Z]\d{2}", part)), "")


def wrong_dossier(item: Item) -> list[Refused]:
    """What the fields of a dossier say against each other; each alone is right."""
    found = [
        Refused(name, "missing", f"bắt buộc với trạng thái {item['TrangThaiHoSo']}")
        for name in _STATUS_NEEDS[item["TrangThaiHoSo"]]
        if absent(item.get(name))
    ]
    found += _in_order(item, "NgayNopHoSo", "NgayTiepNhan", "NgayKetThucXuLy", "NgayTra")
    found += [one for one in _in_order(item, "NgayNopHoSo", "NgayTuChoi") if one.field == "NgayTuChoi"]
    found += [one for one in _in_order(item, "NgayTiepNhan", "NgayHenTra") if one.field == "NgayHenTra"]
    if not absent(item.get("MaDoiTuong")) and item.get("KenhThucHien") != "2":
        found.append(Refused("MaDoiTuong", "not_allowed", "chỉ có ở hồ sơ nộp trực tuyến"))
    return found


def latest_moment(item: Item) -> str:
    """The latest that an item tells of: it grows from one state of a dossier to the next."""
    names = ("NgayNopHoSo", "NgayTiepNhan", "NgayKetThucXuLy", "NgayTra", "NgayTuChoi")
    told = [item[name] for name in names if not absent(item.get(name))]
    for one in item.get("DanhSachHoSoBoSung") or ():
        told += [one[name] for name in ("NgayBoSung", "NgayTiepNhanBoSung") if not absent(one.get(name))]
    return max(told, default="")
