"""What the national database is told of a dossier's papers: the lists of DongBoHoSoMC. Pure.

What it needs and nobody has said stands in the way by name: no flag, name, address or file is put in its place, and
never is a file of the applicant's told as the result.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from intake_service.components.rules import is_result
from intake_service.documents.rules import FileRow, Held, Paper, Result
from shared.web.problems import Reason

#: LoaiGiayTo: 0 chính, 1 sao, 2 điện tử.
PAPER_KINDS = MappingProxyType({"original": "0", "certified_copy": "1", "copy": "1", "electronic": "2"})


@dataclass(frozen=True, slots=True)
class Message:
    """The part of the message that is about papers, and why it cannot be sent. fields: None while anything blocks."""

    fields: Mapping[str, Any] | None
    blockers: tuple[Reason, ...]


def message_of(
    held: Held, result: Result | None, *, has_result: bool, erased: bool, address_of: Callable[[str], str] | None
) -> Message:
    """What is told. has_result: the agency is done, with a grant or a refusal, so there is a result to tell.
    address_of: where the national database fetches a file, by its id; None where the installation has no such place."""
    blockers = (Reason("", "national_erased"),) if erased else tuple(_blockers(held, result, has_result, address_of))
    if blockers:
        return Message(None, blockers)
    others = [file for file in held.unasked_files if file.latest]
    handed_in = [(each, file) for each in held.components or () for file in each.files]
    fields = {
        "HoSoCoThanhPhanSoHoa": _flag(any(file.latest and file.digitised for _, file in handed_in)),
        "TaiLieuNop": [_handed_in(each.component["code"], file, address_of) for each, file in handed_in],
        "DanhSachTepDinhKemKhac": [
            *(_paper(paper) for each in held.components or () if not each.files for paper in each.papers),
            *(_paper(paper) for paper in held.unasked_papers),
            *(_paper(Paper(file.component or file.name, "electronic", 1)) for file in others),
        ],
        "DanhSachGiayToKetQua": [_result(result, address_of)] if has_result and result is not None else [],
    }
    return Message(fields, ())


def _blockers(
    held: Held, result: Result | None, has_result: bool, address_of: Callable[[str], str] | None
) -> Iterator[Reason]:
    if held.components is None:
        yield Reason("components", "national_components")
    current = [file for each in held.components or () for file in each.files if file.latest]
    for file in current:
        for mark in ("digitised", "reused", "from_store"):
            if getattr(file, mark) is None:
                yield Reason(f"files.{file.id}.{mark}", "national_not_said")
    if has_result:
        yield from _result_blockers(held, result)
    if address_of is None and (current or (has_result and result is not None and result.file)):
        yield Reason("", "national_no_address")


def _result_blockers(held: Held, result: Result | None) -> Iterator[Reason]:
    if result is None:
        yield Reason("result", "national_no_result")
        return
    if result.name is None:
        yield Reason("result.name", "required")
    if result.file is None:
        yield Reason("result.file", "required")
        return
    file = next((each for each in held.result_files if each.id == result.file), None)
    if file is None or not is_result(file.component):
        yield Reason("result.file", "national_not_the_agencys")
    elif not file.latest:
        yield Reason("result.file", "result_replaced")


def _handed_in(component: str, file: FileRow, address_of: Callable[[str], str] | None) -> dict[str, Any]:
    told = {
        "TepDinhKemId": file.id,
        "TenTepDinhKem": file.name,
        "IsDeleted": str(not file.latest),
        "MaThanhPhanHoSo": component,
    }
    if not file.latest:  # a newer version is in its place: whoever was told of it forgets it
        return told
    assert address_of is not None, "it blocks"
    return {
        **told,
        "DuongDanTaiTepTin": address_of(file.id),
        "DuocSoHoa": _flag(file.digitised),
        "DuocTaiSuDung": str(file.reused),
        "DuocLayTuKhoDMQG": _flag(file.from_store),
    }


def _flag(said: bool | None) -> str:
    """Codes are texts there."""
    assert said is not None, "it blocks"
    return str(int(said))


def _paper(paper: Paper) -> dict[str, Any]:
    return {"TenGiayTo": paper.name, "SoLuong": str(paper.count), "LoaiGiayTo": PAPER_KINDS[paper.kind]}


def _result(result: Result, address_of: Callable[[str], str] | None) -> dict[str, Any]:
    assert address_of is not None, "it blocks"
    assert result.file is not None, "it blocks"
    told = {
        "TenGiayTo": result.name,
        "GiayToId": result.file,
        "DuongDanTepTinKetQua": address_of(result.file),
    }
    return {**told, "MaGiayToKetQua": result.code} if result.code is not None else told
