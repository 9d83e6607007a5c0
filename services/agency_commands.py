"""`motcua identification-codes`: the national codes of agencies, from a list."""

import asyncio
import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services import launcher
from services.installation import Installation
from services.language import said
from services.refusals import Refused
from services.tables import number
from services.terminal import DEFAULT_DIR, DataDir, console
from shared.domain.civil_time import civil_day
from shared.web.clock import now

if TYPE_CHECKING:
    from routing_service.agencies.rules import CodesEntered, GivenCode

COLUMNS = ("code", "identification_code")
#: Reason of a line → what is told of it.
_WRONG = {
    "unknown_agency": (
        "không có cơ quan mang mã này hôm nay; tra mã tại /v1/agencies của dịch vụ luân chuyển",
        "no agency has this code today; see /v1/agencies of routing",
    ),
    "agency_twice": ("cơ quan này có hai dòng", "this agency has two lines"),
    "no_identification_code": (
        "không phải mã định danh; cần dạng 000.15.21.H50 hoặc H50.15",
        "no identification code; it looks like 000.15.21.H50 or H50.15",
    ),
    "borne_by_another": ("mã định danh này là của hai cơ quan", "two agencies would have this identification code"),
}


def identification_codes(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, UTF-8: code,identification_code"),
    ],
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Nhập mã định danh điện tử của cơ quan · Enter the national identification codes of agencies, from a CSV with the
    columns code and identification_code; while the services serve. All lines go in, or none. Dossiers keep the codes
    that they have."""
    from routing_service.agencies.usecases import enter_codes

    given = _lines(file)

    async def run(url: str) -> "CodesEntered":
        import asyncpg

        connection = await asyncpg.connect(url)
        try:
            return await enter_codes(connection, given, civil_day(now()))
        finally:
            await connection.close()

    with launcher.reached(Installation(data_dir)) as url:
        done = asyncio.run(run(url))
    if done.wrong:
        told = [said(f"dòng {line}: {_WRONG[why][0]}", f"line {line}: {_WRONG[why][1]}") for line, why in done.wrong]
        raise Refused("\n".join([*told, said("Chưa nhập mã nào.", "Nothing was entered.")]))
    console.print(
        said(
            f"Đã nhập {number(done.changed)} mã định danh, {number(done.unchanged)} mã không đổi. "
            "Hồ sơ đã cấp mã thì giữ mã cũ.",
            f"{number(done.changed)} identification codes entered, {number(done.unchanged)} unchanged. "
            "Dossiers keep the codes that they have.",
        )
    )


def _lines(file: Path) -> "list[GivenCode]":
    """What the list says, line by line. Raises Refused."""
    from routing_service.agencies.rules import GivenCode

    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, strict=True)
            header = tuple(cell.strip() for cell in next(reader, []))
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(said(f"{file}: không phải CSV bằng UTF-8", f"{file}: no CSV in UTF-8")) from error
    if header != COLUMNS or any(len(row) != len(COLUMNS) for _, row in rows) or not rows:
        raise Refused(
            said(
                f"{file}: cần đúng hai cột, dòng đầu là: {','.join(COLUMNS)}",
                f"{file}: two columns are needed, the first line being: {','.join(COLUMNS)}",
            )
        )
    return [GivenCode(line, code, identification) for line, (code, identification) in rows]
