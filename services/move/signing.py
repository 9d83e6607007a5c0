"""What `motcua move sign` and `check` do: the comparison and what it rests on, as a file that shows whether it was
changed, and whether it still holds."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from services import tables
from services.client import Client
from services.installation import Installation
from services.language import said
from services.move.comparison import NOTHING, comparison, differing, say_what_is_not_compared
from services.move.mapping_file import read_mapping, shown_part
from services.move.records import Export
from services.move.seen import Cell
from services.province import PROVINCE
from services.refusals import Refused
from services.terminal import console, need_new, running, token_of, write_new
from shared.domain.civil_time import local
from shared.domain.vietnamese import normalised
from shared.web.clock import now

_SIGNED_EVER = "motcua-move/"
_SIGNED = f"{_SIGNED_EVER}1"
#: 170 agencies in 20 years are a tenth of it.
_MOST_SIGNED = 67_108_864


def sign(file: Path, mapping: Path, by: str, output: Path, data_dir: Path) -> None:
    """Write the comparison, and what it rests on, into a file. Raises Refused."""
    need_new(output)
    if not any(char.isalpha() for char in by):
        raise Refused(said("--by: phải nêu ai ký.", "--by: says who signs."))
    told = read_mapping(mapping)
    export = Export(file, told)
    _need_no_import(Installation(data_dir))
    seen, lines = comparison(export, data_dir)
    digest = export.source.digest()
    export.source.need_unchanged()
    signed = {
        "format": _SIGNED,
        "province": PROVINCE,
        "system": told.system,
        "signed_by": normalised(by),
        "signed_at": local(now()).isoformat(timespec="seconds"),
        "export": {"name": file.name, "sha256": digest},
        "mapping": {"name": mapping.name, "sha256": told.digest},
        "cutover": str(told.cutover) if told.cutover else None,
        "lines": seen.lines,
        "left_out": [
            {"field": name, "code": code, "lines": count} for (name, code), count in sorted(seen.problems.items())
        ],
        "without_code": seen.without_code,
        "differing": differing(lines),
        "by_agency_and_month": [
            {"agency": line.agency, "month": line.month, "export": line.export._asdict(), "here": line.ours._asdict()}
            for line in lines
        ],
    }
    write_new(output, _written(signed | {"sha256": _digest(signed)}))
    console.print(said(f"Đã ghi {output}.", f"{output} is written."), markup=False)
    say_what_is_not_compared(seen)
    if count := differing(lines):
        console.print(
            said(
                f"Đã ký cả {tables.number(count)} dòng (cơ quan, tháng) có số tiếp nhận hoặc số đã xong khác nhau:"
                " `motcua move compare` cho xem.",
                f"Signed with {tables.number(count)} lines (agency, month) on which the sides differ in how many were"
                " received or finished: `motcua move compare` shows them.",
            ),
            style="yellow",
        )


def _need_no_import(installation: Installation) -> None:
    """What is signed stands still: no import runs. Raises Refused."""
    intake, client = running(installation).intake, Client(token_of(installation, "admin"))
    newest = client.get(f"{intake}/v1/imports", {"limit": "20"}).json()["items"]
    if any(one["state"] == "running" and not one["trial"] for one in newest):
        raise Refused(
            said(
                "Đang có một lần nhập chạy; hãy đợi nhập xong rồi ký.",
                "An import runs. Wait until it has ended, and sign then.",
            )
        )


class _Signed(NamedTuple):
    """What a signed file says. intact: whether its bytes are as they were written."""

    intact: bool
    province: str
    export: str
    mapping: str
    who: str
    here: dict[tuple[str, str], Cell]


def _read_signed(file: Path) -> _Signed:
    """Raises Refused: it is none."""
    try:
        with file.open("rb") as source:
            content = source.read(_MOST_SIGNED + 1)
        if len(content) > _MOST_SIGNED:
            raise ValueError("too large")
        told = orjson.loads(content)
        if str(told["format"]).startswith(_SIGNED_EVER) and told["format"] != _SIGNED:
            raise Refused(
                said(
                    f"{file.name} được ký bằng phiên bản khác ({shown_part(told['format'])}), phiên bản này đọc"
                    f" {_SIGNED}; hãy kiểm tra bằng phiên bản đó hoặc ký lại.",
                    f"{file.name} was signed by another version ({shown_part(told['format'])}), this one reads"
                    f" {_SIGNED}. Check it with that version, or sign anew.",
                )
            )
        if told["format"] != _SIGNED:
            raise ValueError("no format of ours")
        # Written again it is the same: two entries of one name, or another order, are somebody's doing.
        intact = _written(told) == content.replace(b"\r\n", b"\n")
        kept = told.pop("sha256")
        return _Signed(
            intact and _digest(told) == kept,
            str(told.get("province", PROVINCE)),
            told["export"]["sha256"],
            told["mapping"]["sha256"],
            f"{shown_part(str(told['signed_by']))}, {datetime.fromisoformat(told['signed_at']):%d/%m/%Y %H:%M}",
            {(one["agency"], one["month"]): Cell(**one["here"]) for one in told["by_agency_and_month"]},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(
            said(
                f"{file.name} không phải tệp do `motcua move sign` ghi, hoặc bị cắt; hãy lấy lại bản gốc.",
                f"{file.name} is not what `motcua move sign` wrote, or was cut off. Take the original.",
            )
        ) from error


def check(signed: Path, file: Path, mapping: Path, data_dir: Path) -> bool:
    """Say what of a signed file does not hold; whether all does. Raises Refused."""
    was, told = _read_signed(signed), read_mapping(mapping)
    export = Export(file, told)
    digest = export.source.digest()
    _, lines = comparison(export, data_dir)
    here = {(line.agency, line.month): line.ours for line in lines}
    moved = sum(was.here.get(key, NOTHING) != here.get(key, NOTHING) for key in was.here.keys() | here.keys())
    wrong = [
        text
        for holds, text in (
            (was.intact, said("nội dung tệp đã bị thay đổi", "the file itself was changed")),
            (
                was.province == PROVINCE,
                said("tệp ký cho tỉnh khác", "it was signed for another province"),
            ),
            (digest == was.export, said("tệp xuất khác", "the export is another")),
            (told.digest == was.mapping, said("tệp ánh xạ khác", "the mapping is another")),
            (
                not moved,
                said(
                    f"số liệu ở đây khác ở {moved} dòng (cơ quan, tháng)",
                    f"the figures here are others on {moved} lines (agency, month)",
                ),
            ),
        )
        if not holds
    ]
    for text in wrong:
        console.print(text, style="yellow")
    if wrong:
        return False
    console.print(said(f"Đúng như đã ký: {was.who}.", f"As it was signed: {was.who}."), markup=False)
    return True


def _written(signed: dict[str, Any]) -> bytes:
    return orjson.dumps(signed, option=orjson.OPT_INDENT_2) + b"\n"


def _digest(told: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
