"""`motcua move`: from another system to this one, by a mapping file."""

from pathlib import Path
from typing import Annotated

import typer

from services.mistyped import Group
from services.terminal import DEFAULT_DIR, DataDir

move_app = typer.Typer(cls=Group, no_args_is_help=True, help="Chuyển từ hệ thống cũ · from another system")

ExportFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The export of the other system, CSV")
]
ByMapping = Annotated[
    Path, typer.Option("--mapping", exists=True, dir_okay=False, readable=True, help="The mapping file; docs/move.md")
]


@move_app.command("draft")
def draft(
    file: ExportFile,
    output: Annotated[Path, typer.Option(dir_okay=False, help="Where the mapping file goes; it must not be there yet")],
    mapping: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="One whose columns are filled in: its words are listed then"),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of the export: utf-8, utf-16, windows-1258")] = "utf-8",
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Bắt đầu tệp ánh xạ từ một tệp xuất · Begin a mapping file from an export: its columns, then its words, with what
    looks alike beside them. Nothing is filled in but what is plain."""
    from services.move import drafting

    drafting.draft(file, output, mapping, encoding, data_dir)


@move_app.command("compare")
def compare(
    file: ExportFile,
    mapping: ByMapping,
    every: Annotated[bool, typer.Option("--every", help="Lines without a difference too")] = False,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """So sánh trước và sau, theo cơ quan và tháng · Hold what came against the export, by agency and month of
    acceptance. Exit status 3: they differ in how many were received or finished."""
    from services.move import comparison

    if not comparison.compare(file, mapping, data_dir, every=every):
        raise typer.Exit(3)


@move_app.command("sign")
def sign(
    file: ExportFile,
    mapping: ByMapping,
    by: Annotated[str, typer.Option(help="Who signs, and for whom: name, office")],
    output: Annotated[Path, typer.Option(dir_okay=False, help="Where the file goes; it must not be there yet")],
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Ký xác nhận kết quả chuyển đổi thành tệp · Sign the comparison off as a file: who, when, the hashes of export and
    mapping, both sides' figures and the hash of all that."""
    from services.move import signing

    signing.sign(file, mapping, by, output, data_dir)


@move_app.command("check")
def check(
    signed: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file of `move sign`")],
    file: ExportFile,
    mapping: ByMapping,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Kiểm tra tệp đã ký · Whether what was signed still holds: the file, the export, the mapping, and the figures
    here. Exit status 3: something does not."""
    from services.move import signing

    if not signing.check(signed, file, mapping, data_dir):
        raise typer.Exit(3)
