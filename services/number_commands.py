"""`motcua seal-numbers`: identity numbers under another key, while the services serve."""

import asyncio
import os
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services import launcher
from services.installation import Installation
from services.language import said
from services.refusals import Refused
from services.tables import number
from services.terminal import DEFAULT_DIR, DataDir, console
from shared.web.keyring import KeyMissing, Keyring, KeysMalformed


def ring_of(installation: Installation) -> Keyring:
    """The keys that MOTCUA_IDENTITY_KEYS names, or those of an installation. Raises Refused."""
    given = os.environ.get("MOTCUA_IDENTITY_KEYS")
    if not given and os.environ.get("MOTCUA_DATABASE_URL"):
        return Keyring()
    try:
        return Keyring.of(given or installation.identity_keys())
    except KeysMalformed as malformed:
        raise Refused(
            said(
                "Khóa số định danh không hợp lệ: cần SỐ:HEX, 64 chữ số hex",
                "The keys of identity numbers are malformed: ID:HEX is needed, 64 hex digits",
            )
        ) from malformed


def lacking(missing: KeyMissing) -> Refused:
    """What is told of a key that is not there."""
    return Refused(
        said(
            f"Thiếu khóa {missing}, hoặc là khóa khác: có số định danh được niêm phong bằng khóa này",
            f"Key {missing} is missing, or another one: numbers are sealed under it",
        )
    )


def seal_numbers(
    undo: Annotated[bool, typer.Option("--undo", help="Open all of them, as before there were keys")] = False,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="First make a new key in the data directory, for embedded mode")
    ] = False,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Niêm phong số định danh · Seal all identity numbers under the first of the installation's keys, those of another
    key and those from before there were any; while the services serve. Stopped at any time, it goes on where it was."""
    from intake_service.imports.rules import secret_of
    from intake_service.imports.usecases import key_all
    from intake_service.numbers.usecases import Sealed, seal_all
    from routing_service.webhooks.usecases import seal_secrets

    installation = Installation(data_dir)
    if undo and new_key:
        raise typer.BadParameter("không đi cùng --undo · not with --undo", param_hint="--new-key")
    if new_key:
        if os.environ.get("MOTCUA_IDENTITY_KEYS") or os.environ.get("MOTCUA_DATABASE_URL"):
            raise typer.BadParameter(
                "khóa do MOTCUA_IDENTITY_KEYS nêu · the keys are those of MOTCUA_IDENTITY_KEYS", param_hint="--new-key"
            )
        if installation.running() is not None:
            raise Refused(
                said(
                    "Hãy dừng `motcua up` trước: các dịch vụ đang chạy chưa biết khóa mới",
                    "Stop `motcua up` first: services that run do not know the new key",
                )
            )
        installation.need()
        installation.add_identity_key()
    ring = ring_of(installation)
    if ring.prefix is None:
        raise Refused(said("Chưa có khóa: đặt MOTCUA_IDENTITY_KEYS", "There is no key: set MOTCUA_IDENTITY_KEYS"))

    async def run(url: str, progress: "Progress") -> tuple[Sealed, int]:
        import asyncpg

        task = progress.add_task(said("Niêm phong", "Sealing"), total=1.0)
        connection = await asyncpg.connect(url)
        try:
            done = await seal_all(connection, ring, lambda share: progress.update(task, completed=share), undo=undo)
            await seal_secrets(connection, ring, undo=undo)
            return done, await key_all(connection, secret_of(tracking)) if tracking else 0
        finally:
            await connection.close()

    tracking = os.environ.get("MOTCUA_TRACKING_KEY")
    if tracking is None and not os.environ.get("MOTCUA_DATABASE_URL"):
        tracking = installation.tracking_key()
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), TaskProgressColumn(), TimeElapsedColumn())
    try:
        with launcher.reached(installation) as url, Progress(*columns, console=console, transient=True) as progress:
            done, imported = asyncio.run(run(url, progress))
    except KeyMissing as missing:
        raise lacking(missing) from missing
    count, corrected = number(done.applicants), number(done.corrections)
    console.print(
        said(
            f"Đã xử lý {count} chủ hồ sơ, {corrected} lời ghi đính chính",
            f"Done: {count} applicants, {corrected} words of corrections",
        )
    )
    if imported:
        console.print(said(f"{number(imported)} bản ghi đã nhập", f"{number(imported)} imported records"))
    for key, words in done.words.items():
        console.print(
            said(
                f"{number(words)} lời ghi đính chính còn dùng khóa {key}: hãy giữ khóa này",
                f"{number(words)} words of corrections rest on key {key}: keep it",
            )
        )
