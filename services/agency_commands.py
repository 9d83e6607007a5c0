"""`motcua identification-codes`: the national codes of agencies, from a list."""

import csv
import re
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from services.installation import Installation
from services.language import said
from services.refusals import Mistyped, Refused
from services.tables import number
from services.terminal import DEFAULT_DIR, DataDir, code_given, console, running, token_of

COLUMNS = ("code", "identification_code")
#: Field of an item of the request → the column that it comes from.
_COLUMN = {"agency": "code"}
#: Lines that are told at once.
_MOST_TOLD = 10
_PLACE = re.compile(r"codes(?:\.(\d+)(?:\.(\w+))?)?")


class _Line(NamedTuple):
    """What a line of the list says."""

    number: int
    agency: str
    identification_code: str


def identification_codes(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, UTF-8: code,identification_code"),
    ],
    decision: Annotated[
        str, typer.Option(parser=code_given, metavar="NUMBER", help="Number of the decision that gives the codes")
    ],
    reason: Annotated[str | None, typer.Option(parser=code_given, metavar="TEXT", help="Why; kept on record")] = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Nhập mã định danh điện tử của cơ quan · Enter the national identification codes of agencies, from a CSV with the
    columns code and identification_code; while the services serve. All lines go in, or none. Dossiers keep the codes
    that they have."""
    from services.client import Client, option_of

    lines = _lines(file)
    installation = Installation(data_dir)
    routing = running(installation).routing
    of_the_list = False

    def named(field: str) -> str:
        nonlocal of_the_list
        found = _PLACE.fullmatch(field)
        if found is None:
            return option_of(field)
        of_the_list = True
        return _place(file, lines, *found.groups())

    body = {
        "decision": decision,
        "reason": reason,
        "codes": [{"agency": line.agency, "identification_code": line.identification_code} for line in lines],
    }
    try:
        address = f"{routing}/v1/identification-codes"
        done = Client(token_of(installation, "admin"), routing).post(address, body, named).json()
    except Mistyped as wrong:
        kind = Refused if of_the_list else Mistyped
        raise kind(f"{wrong}\n{said('Chưa nhập mã nào.', 'Nothing was entered.')}") from wrong
    console.print(
        said(
            f"Đã nhập {number(done['changed'])} mã định danh, {number(done['unchanged'])} mã không đổi. "
            "Hồ sơ đã cấp mã thì giữ mã cũ.",
            f"{number(done['changed'])} identification codes entered, {number(done['unchanged'])} unchanged. "
            "Dossiers keep the codes that they have.",
        )
    )


def _place(file: Path, lines: list[_Line], item: str | None, field: str | None) -> str:
    """Where in the list it stands, by the number of its line."""
    if item is None:
        return str(file)
    line = lines[int(item)].number
    place = said(f"dòng {line}", f"line {line}")
    return f"{place}, {_COLUMN.get(field, field)}" if field else place


def _lines(file: Path) -> list[_Line]:
    """What the list says, line by line. Raises Refused."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, strict=True)
            header = tuple(cell.strip() for cell in next(reader, []))
            rows, begins = [], reader.line_num + 1
            for row in reader:
                cells = [cell.strip() for cell in row]
                if any(cells):
                    rows.append((begins, cells))
                begins = reader.line_num + 1
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused(said(f"{file}: không phải CSV bằng UTF-8", f"{file}: no CSV in UTF-8")) from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Mistyped(said(f"{file}: không đọc được ({why})", f"{file}: cannot be read ({why})")) from error
    if header == COLUMNS and (uneven := [line for line, row in rows if len(row) != len(COLUMNS)]):
        told = ", ".join(map(str, uneven[:_MOST_TOLD])) + (" …" if len(uneven) > _MOST_TOLD else "")
        raise Refused(
            said(f"{file}: cần đúng hai ô ở dòng {told}", f"{file}: two cells are needed on line {told}"),
        )
    if header != COLUMNS or not rows:
        raise Refused(
            said(
                f"{file}: cần đúng hai cột, dòng đầu là: {','.join(COLUMNS)}",
                f"{file}: two columns are needed, the first line being: {','.join(COLUMNS)}",
            )
        )
    return [_Line(line, agency, identification) for line, (agency, identification) in rows]
