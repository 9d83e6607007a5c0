"""`motcua sweep-files`: contents of files that no dossier has, taken away. And where files are kept."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from services import launcher
from services.installation import Installation
from services.language import said
from services.refusals import Refused
from services.tables import number
from services.terminal import DEFAULT_DIR, DataDir, console, whole
from shared.web.clock import now

if TYPE_CHECKING:
    from intake_service.files.storage import Storage
    from intake_service.files.usecases import Lying
    from shared.web.database import Connection
    from shared.web.settings import FilesPlace

_PLACE_SETTINGS = ("ENDPOINT", "REGION", "KEY", "SECRET")
_WEEK = 7


def sweep_files(
    older_than: Annotated[
        int, typer.Option(parser=whole(1), metavar="DAYS", help="What is younger may be on its way in, and stays")
    ] = _WEEK,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Dọn nội dung tệp không thuộc hồ sơ nào · Take away contents of files that no dossier has: of an upload that broke
    off between the disk and the database. While the services serve; looks first, and asks."""
    from intake_service.files import usecases

    installation, before = Installation(data_dir), now() - timedelta(days=older_than)
    with launcher.reached(installation) as url:
        found = _done(url, installation, lambda connection, storage: usecases.lying(connection, storage, before))
        if found.loose and not found.needed:
            raise Refused(
                said(
                    "Không nội dung nào ở MOTCUA_FILES thuộc cơ sở dữ liệu này: đây có phải nơi lưu tệp của nó không?",
                    "Nothing at MOTCUA_FILES belongs to this database: is it where its files are kept?",
                )
            )
        console.print(_told(found, "Không thuộc hồ sơ nào", "Of no dossier"))
        if not found.loose + found.unfinished:
            return
        if not yes and not typer.confirm(said("Xóa, không thể khôi phục?", "Take them away, for good?"), err=True):
            raise typer.Exit(1)
        done = _done(url, installation, lambda connection, storage: usecases.sweep(connection, storage, before))
    console.print(_told(done, "Đã xóa", "Taken away"))


def _told(found: "Lying", vietnamese: str, english: str) -> str:
    count, size, cut = number(found.loose), number(found.loose_bytes), number(found.unfinished)
    return said(
        f"{vietnamese}: {count} nội dung ({size} byte), {cut} tệp ghi dở",
        f"{english}: {count} contents ({size} bytes), {cut} half-written",
    )


def _done(url: str, installation: Installation, work: "Callable[[Connection, Storage], Awaitable[Lying]]") -> "Lying":
    """Do it with the database and the place. Raises Refused: the place cannot be used."""
    from pydantic_core import PydanticCustomError

    from intake_service.files.storage import storage_at
    from shared.web.problems import Problem

    async def run() -> "Lying":
        import asyncpg

        connection = await asyncpg.connect(url)
        try:
            return await work(connection, storage_at(place_of(installation)))
        finally:
            await connection.close()

    try:
        return asyncio.run(run())
    except (Problem, PydanticCustomError) as problem:
        raise Refused(
            said("Không dùng được nơi lưu tệp: MOTCUA_FILES", "The place of files cannot be used: MOTCUA_FILES")
        ) from problem


def place_of(installation: Installation) -> "FilesPlace":
    """Where files are kept: as the settings of the services name it, or in the data directory. Raises
    PydanticCustomError, Problem."""
    from shared.web.problems import Problem
    from shared.web.settings import files_place

    files = os.environ.get("MOTCUA_FILES")
    if not files:
        if os.environ.get("MOTCUA_DATABASE_URL"):
            raise Problem("unavailable")
        files = str(installation.files)
    endpoint, region, key, secret = (os.environ.get(f"MOTCUA_FILES_{name}") for name in _PLACE_SETTINGS)
    return files_place(files, endpoint or None, region or "us-east-1", key, secret)
