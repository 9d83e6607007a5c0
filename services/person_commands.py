"""`motcua export-person` and `motcua erase-person`: one person's data, handed over or taken away, by a decision. It is
the operator's act, as the owner of the tables: no service may delete what is kept of a dossier."""

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services import launcher
from services.file_commands import place_of
from services.installation import Installation
from services.language import said
from services.number_commands import lacking, ring_of
from services.refusals import Mistyped, Refused
from services.tables import number
from services.terminal import DEFAULT_DIR, DataDir, console, need_writable
from shared.domain.civil_time import shown
from shared.web.clock import now
from shared.web.keyring import KeyMissing

if TYPE_CHECKING:
    from intake_service.persons.rules import Found
    from intake_service.persons.usecases import Decision
    from shared.web.database import Connection

_LONGEST = 1000


def _words(given: str) -> str:
    if not given.strip() or not given.isprintable() or len(given) > _LONGEST:
        raise typer.BadParameter("cần một dòng chữ · one line of text is needed")
    from shared.domain.personal import holds_a_number

    if holds_a_number(given):
        raise typer.BadParameter("lời này được giữ mãi, đừng nêu số của ai · it is kept for good: name nobody's number")
    return given.strip()


Decided = Annotated[
    str, typer.Option("--decision", parser=_words, metavar="NUMBER", help="Number of the decision that orders it")
]
Why = Annotated[str, typer.Option("--reason", parser=_words, metavar="TEXT", help="Why; kept on record")]
Dossiers = Annotated[
    list[str] | None, typer.Option("--dossier", metavar="CODE", help="A dossier or petition of theirs; may be repeated")
]
NumberFile = Annotated[
    str | None,
    typer.Option(
        "--id-number-file", metavar="FILE", help="Holds their identity number; -: standard input. Never on the line"
    ),
]


def export_person(
    decision: Decided,
    reason: Why,
    output: Annotated[Path, typer.Option("--output", dir_okay=False, help="The new file, JSON, for its owner's eyes")],
    dossier: Dossiers = None,
    id_number_file: NumberFile = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Xuất dữ liệu của một người · All that is held of one person: of their dossiers, of who read them, and what was
    written about them (docs/personal-data.md). On record."""
    if output.exists():
        raise typer.BadParameter("đã có tệp này · there is such a file", param_hint="--output")
    need_writable(output)  # or the reading would be on record, and nothing handed over

    async def work(connection: "Connection", found: "Found", by: "Decision") -> dict[str, Any]:
        from intake_service.persons import usecases as intake
        from routing_service.persons import usecases as routing

        told = await intake.export(connection, found, by, ring_of(Installation(data_dir)))
        about = await routing.words(connection, list(found.whole))
        return {"decision": by.number, "reason": by.reason, "made_at": shown(by.at), **told, "words_of_routing": about}

    key = _number_of(dossier, id_number_file)
    with launcher.reached(Installation(data_dir)) as url:
        found, told = _done(url, data_dir, dossier, key, decision, reason, work)
    import orjson

    # Of nobody else's eyes from the first byte on.
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
    vietnamese, english = _counted(found)
    console.print(said(f"Đã ghi {vietnamese} vào {output}", f"Written {english} to {output}"))


def erase_person(
    decision: Decided,
    reason: Why,
    dossier: Dossiers = None,
    id_number_file: NumberFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Xóa dữ liệu của một người · Take away whose the ended dossiers of one person are, with every word about them.
    Events, chains and figures stay. It cannot be undone; on record (docs/personal-data.md). Exit status 1: some are
    still open, and stay as they are."""

    async def work(connection: "Connection", found: "Found", by: "Decision") -> "Found":
        from intake_service.persons import usecases as intake
        from routing_service.persons import usecases as routing

        may = found.erasable()
        if not may.count:
            return may
        await intake.erase(connection, may, by)
        await routing.erase(connection, list(may.whole))
        return may

    if id_number_file == "-" and not yes:
        raise typer.BadParameter(
            "đầu vào chuẩn là số định danh, không hỏi lại được; hãy thêm --yes · with the number on standard input "
            "nobody can be asked; add --yes",
            param_hint="--id-number-file",
        )
    key = _number_of(dossier, id_number_file)
    with launcher.reached(Installation(data_dir)) as url:
        if not yes:
            found, _ = _done(url, data_dir, dossier, key, decision, reason, _nothing)
            may = found.erasable()
            if not may.count:
                raise _left_open(found.open())
            (vietnamese, english), codes = _counted(may), ", ".join(may.codes())
            console.print(
                said(f"Sẽ xóa ở {vietnamese}: {codes}", f"To be erased in {english}: {codes}"), highlight=False
            )
            if not typer.confirm(said("Xóa, không thể khôi phục?", "Erase, for good?"), err=True):
                raise typer.Exit(1)
        found, erased = _done(url, data_dir, dossier, key, decision, reason, work)
        _release(url, Installation(data_dir), found.erasable())
    vietnamese, english = _counted(erased)
    console.print(said(f"Đã xóa ở {vietnamese}", f"Erased in {english}"))
    if left := found.open():
        raise _left_open(left)


def _release(url: str, installation: Installation, erased: "Found") -> None:
    """Take away what the erased files hold, now that the erasing is for good. Raises Refused: it is there still."""
    from pydantic_core import PydanticCustomError

    from intake_service.files import usecases
    from intake_service.files.storage import storage_at
    from shared.web.problems import Problem

    async def run() -> None:
        import asyncpg

        connection = await asyncpg.connect(url)
        try:
            contents = await usecases.erased_contents(connection, list(erased.whole))
            if contents:
                await usecases.release(connection, storage_at(place_of(installation)), contents)
        finally:
            await connection.close()

    try:
        asyncio.run(run())
    except (Problem, PydanticCustomError) as problem:
        again = " ".join(f"--dossier {code}" for code in erased.codes())
        raise Refused(
            said(
                f"Đã xóa trong cơ sở dữ liệu, nhưng nội dung tệp vẫn còn: không dùng được MOTCUA_FILES. Đặt lại rồi"
                f" chạy lần nữa với {again}",
                f"Erased in the database, but contents of files are still there: MOTCUA_FILES cannot be used. Set it"
                f" right and run this again with {again}",
            )
        ) from problem


def _left_open(codes: list[str]) -> typer.Exit:
    """Names what stays, and ends with status 1."""
    told = ", ".join(codes)
    console.print(
        said(
            f"Chưa kết thúc hoặc chưa trả kết quả, giữ nguyên: {told}",
            f"Still open or not collected yet, left as they are: {told}",
        ),
        style="yellow",
        highlight=False,
    )
    return typer.Exit(1)


def _counted(found: "Found") -> tuple[str, str]:
    """How much it is, in Vietnamese and in English."""
    dossiers, petitions = number(len(found.dossiers)), number(len(found.petitions))
    also = (f" và {petitions} phản ánh, kiến nghị", f" and {petitions} petitions") if found.petitions else ("", "")
    return f"{dossiers} hồ sơ{also[0]}", f"{dossiers} dossiers{also[1]}"


async def _nothing(connection: "Connection", found: "Found", by: "Decision") -> None:
    """Who it is about is seen before anything is done."""


def _number_of(codes: list[str] | None, file: str | None) -> str | None:
    """The identity number, where one is named; else the dossiers are. Raises BadParameter, Mistyped."""
    if bool(codes) == bool(file):
        raise typer.BadParameter(
            "nêu --dossier hoặc --id-number-file · name --dossier or --id-number-file", param_hint="--dossier"
        )
    return _number_in(file) if file else None


def _done(
    url: str,
    data_dir: Path,
    codes: list[str] | None,
    key: str | None,
    decision: str,
    reason: str,
    work: Callable[["Connection", "Found", "Decision"], Awaitable[Any]],
) -> tuple["Found", Any]:
    """Find the person and do the work, in one transaction. Raises Mistyped where nothing is found."""

    async def run() -> tuple["Found", Any]:
        import asyncpg

        from intake_service.persons import usecases

        by = usecases.Decision(decision, reason, f"operator:{_operator()}", now())
        connection = await asyncpg.connect(url)
        try:
            async with connection.transaction():
                if key is not None:
                    found = await usecases.by_number(connection, key, ring_of(Installation(data_dir)))
                else:
                    found = await usecases.by_codes(connection, codes or [])
                if not found.count:
                    raise Mistyped(said("Không tìm thấy hồ sơ nào của người này", "No dossier of this person is found"))
                return found, await work(connection, found, by)
        except KeyMissing as missing:
            raise lacking(missing) from missing
        except usecases.UnknownDossier as unknown:
            raise Mistyped(said(f"Không có hồ sơ {unknown}", f"There is no dossier {unknown}")) from unknown
        finally:
            await connection.close()

    return asyncio.run(run())


def _number_in(file: str) -> str:
    """What a file holds; a number as an argument would stand in the shell's history and in every list of processes."""
    from shared.domain.personal import number_key

    try:
        text = sys.stdin.read(200) if file == "-" else Path(file).read_text(encoding="utf-8")[:200]
    except (OSError, UnicodeDecodeError) as error:
        raise Mistyped(said(f"Không đọc được tệp {file}", f"The file {file} cannot be read")) from error
    found = number_key(text)
    if len(found) < 6 or not found.isprintable():
        raise Mistyped(said("Tệp không chứa số định danh", "The file holds no identity number"))
    return found


def _operator() -> str:
    with suppress(OSError, KeyError):
        return getpass.getuser()
    return str(os.getuid())
