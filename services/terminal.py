"""What the commands share: the options that they have in common, who asks what runs, and where the answer goes."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

import typer
from rich.console import Console

from services import launcher, tables
from services.installation import Addresses, Installation
from services.language import said
from services.province import PROVINCE, province_on
from services.refusals import Refused
from shared.domain.civil_time import civil_day
from shared.web.clock import now

if TYPE_CHECKING:
    from services.client import Client

console = Console(stderr=True, soft_wrap=True)


def directory_given(given: str | Path) -> Path:
    """A directory as it was typed. An empty one would be the current one, to a Path."""
    if not str(given):
        raise typer.BadParameter("không được để trống · must not be empty")
    return Path(given)


DataDir = Annotated[
    Path,
    typer.Option(
        parser=directory_given, metavar="DIRECTORY", help="Where the embedded database, keys and addresses are kept"
    ),
]


def code_given(given: str) -> str:
    """A code as it was typed. An empty one is no wish for the whole province: a variable that was not set, more
    likely."""
    if not given.strip():
        raise typer.BadParameter("không được để trống · must not be empty")
    return given


def whole(least: int) -> Callable[[str | int], int]:
    """Reads a number as the services do: Python's own way also takes 1_0, and digits of other alphabets."""

    def read(given: str | int) -> int:
        text = str(given)
        if _WHOLE.fullmatch(text) is None or int(text) < least:
            raise typer.BadParameter(f"phải là số nguyên từ {least} · must be a whole number from {least} on")
        return int(text)

    return read


#: No id or number of ours has more digits.
_WHOLE = re.compile("0|[1-9][0-9]{0,15}")
Output = Annotated[Path | None, typer.Option(dir_okay=False, help="Where the file goes; the terminal unless given")]
#: What a file's name promises by its end.
FORMS = ("json", "csv", "ndjson", *tables.PRINTED)
DEFAULT_DIR = Path(".motcua")
WHOLE_PROVINCE = "Agency code, with all under it; the whole province unless given: 45 until 30/6/2025, 44 since"
Agency = Annotated[str | None, typer.Option(parser=code_given, metavar="CODE", help=WHOLE_PROVINCE)]
#: The roles of shared.web.auth, which loads the whole of the web's plumbing. A test holds the two together.
RoleName = Literal["citizen", "counter", "handler", "leader", "supervisor", "admin", "machine"]


def running(installation: Installation) -> Addresses:
    """Where the services answer: as the environment says, or as an installation runs. Some of the three are none: what
    is asked of one installation would be answered by two. Raises Refused."""
    intake, routing, stats = (os.environ.get(f"MOTCUA_{room.upper()}_URL") for room in launcher.ROOMS)
    for room, url in zip(launcher.ROOMS, (intake, routing, stats), strict=True):
        if url and not _is_address(url):
            raise Refused(
                f"MOTCUA_{room.upper()}_URL không phải là địa chỉ, cần dạng http://127.0.0.1:8001\n"
                f"MOTCUA_{room.upper()}_URL is no address; it looks like http://127.0.0.1:8001"
            )
    names = [f"MOTCUA_{room.upper()}_URL" for room in launcher.ROOMS]
    unset = [name for name in names if not os.environ.get(name)]
    if 0 < len(unset) < len(names):
        are = "is" if len(unset) == 1 else "are"
        raise Refused(
            f"{', '.join(names)} phải đặt đủ cả ba hoặc không đặt; còn thiếu {', '.join(unset)}.\n"
            f"Set all three of {', '.join(names)}, or none: {', '.join(unset)} {are} missing."
        )
    given = Addresses(intake, routing, stats, pid=0) if intake and routing and stats else None
    addresses = given or installation.running()
    if addresses is None:
        raise Refused(
            f"Chưa có gì chạy trong {installation.data_dir}; hãy chạy `motcua up`, hoặc nêu địa chỉ các dịch vụ trong"
            f" {', '.join(names)}.\n"
            f"Nothing runs in {installation.data_dir}. Start it with `motcua up`, or name the services in"
            f" {', '.join(names)}."
        )
    return addresses


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            url.isascii()
            and url.isprintable()
            and parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
        )
    except ValueError:  # a port or a host that is none
        return False


def token_of(installation: Installation, role: RoleName) -> str:
    """The token that the environment names, or one of the installation for the whole province. Where there is no
    installation none is made: services that the environment names would not believe its key. Raises Refused."""
    given = os.environ.get("MOTCUA_TOKEN")
    if given and not (given.isascii() and given.isprintable()):  # no header holds it, and no message repeats it
        raise Refused("MOTCUA_TOKEN không phải là mã truy cập.\nMOTCUA_TOKEN is no token.")
    if not given and not installation.data_dir.exists():
        raise Refused(
            f"Thiếu mã truy cập: hãy đặt MOTCUA_TOKEN, hoặc sửa --data-dir: không có thư mục {installation.data_dir}.\n"
            f"A token is missing. Put one into MOTCUA_TOKEN, or mind the name after --data-dir: there is no directory"
            f" {installation.data_dir}."
        )
    return given or installation.issuer.token(role=role, agency=PROVINCE, now=now())


def client_of(installation: Installation) -> "Client":
    """Of a leader of the province: so a code that no agency has is called that, and not out of scope."""
    from services.client import Client

    return Client(token_of(installation, "leader"), running(installation).routing)


def need_one_of(given: str, choices: Sequence[str], place: str) -> None:
    """Refuse what is none of the choices."""
    if given not in choices:
        raise typer.BadParameter(f"phải là một trong · must be one of: {', '.join(choices)}", param_hint=place)


def format_of(given: str | None, output: Path | None, choices: Sequence[str]) -> str:
    """The format asked for; else what the file's name ends with; else the first. What is no text is not put on a
    terminal, a table for the terminal into no file, and no form into a file that is called another."""
    if given is None and output is not None and output.suffix:
        given = output.suffix.removeprefix(".").lower()
        if given not in choices or given == "table":
            files = ", ".join(f".{choice}" for choice in choices if choice != "table")
            raise typer.BadParameter(
                said(
                    f"tên tệp phải kết thúc bằng một trong: {files}; hoặc nêu --format",
                    f"the file's name must end with one of: {files}; or name --format",
                ),
                param_hint="--output",
            )
    form = given or choices[0]
    need_one_of(form, choices, "--format")
    if form == "table" and output is not None:
        raise typer.BadParameter(
            said("bảng chỉ để xem trên màn hình; hãy nêu --format khác", "a table is for the terminal; name another"),
            param_hint="--format",
        )
    called = output.suffix.removeprefix(".").lower() if output is not None else ""
    if called in FORMS and called != form:
        raise typer.BadParameter(
            said(
                f"--format là {form}, tên tệp lại kết thúc bằng .{called}",
                f"the file's name ends with .{called}, and --format is {form}",
            ),
            param_hint="--output",
        )
    if form in tables.PRINTED and output is None and sys.stdout.isatty():
        raise typer.BadParameter(
            said(f"cần tên tệp, ví dụ bao-cao.{form}", f"a file is needed, as report.{form}"), param_hint="--output"
        )
    return form


def write(output: Path | None, blocks: Iterable[bytes]) -> None:
    """Into the file, once the first of it has come: a refusal leaves what was there as it was."""
    if output is None:
        for block in blocks:
            put(block)
        return
    parts = iter(blocks)
    first = next(parts, b"")
    try:
        with output.open("wb") as file:
            file.write(first)
            file.writelines(parts)
    except OSError as error:
        raise unwritable(output, error) from error


def need_writable(output: Path | None, option: str = "--output") -> None:
    """Refuse a file that cannot be written before anything is done whose answer is to stand in it."""
    if output is None:
        return
    there = output.exists()
    try:
        output.open("ab").close()
    except OSError as error:
        raise unwritable(output, error, option) from error
    if not there:
        output.resolve().unlink()  # what a link leads to, and not the link


def need_new(output: Path) -> None:
    """Refuse a file that is there, or cannot be written, before anything is done whose answer is to stand in it.
    Raises Refused."""
    try:
        there = output.exists() or output.is_symlink()
    except OSError as error:
        raise unwritable(output, error) from error
    if there:
        raise Refused(
            said(f"{output} đã có; hãy nêu tệp khác.", f"{output} is there already. Name another file."),
        )
    need_writable(output)


def write_new(output: Path, content: bytes) -> None:
    """A file whole, or none: neither a kill nor a full disk leaves half of it."""
    try:
        with written_whole(output) as target:
            target.write(content)
    except OSError as error:
        raise unwritable(output, error) from error


@contextmanager
def written_whole(output: Path) -> Iterator[IO[bytes]]:
    """Written under another name, and there under its own when it is whole. What is no file (a terminal, a pipe) takes
    it as it comes. Raises OSError."""
    if output.exists() and not output.is_file():
        with output.open("wb") as target:
            yield target
        return
    whole = output.resolve()
    part = whole.with_name(f".{os.getpid()}.part")
    try:
        target = part.open("xb")
    except OSError:  # a directory that takes no new files may have one that takes what is written
        target = output.open("wb")
    try:
        with target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        if part.exists():
            part.replace(whole)
    finally:
        part.unlink(missing_ok=True)


def unwritable(output: Path, error: OSError, option: str = "--output") -> typer.BadParameter:
    """A file or directory that was named in an option and cannot be written."""
    return typer.BadParameter(f"{output}: không ghi được · cannot be written ({error.strerror})", param_hint=option)


def put(block: bytes) -> None:
    """Write what a service sent as it is."""
    sys.stdout.buffer.write(block)


def whole_province_on(text: str | None) -> str:
    """The whole province on the day with which `text` begins. What is no day is left to the service to refuse."""
    try:
        return province_on(date.fromisoformat(text[:10]) if text else civil_day(now()))
    except ValueError:
        return PROVINCE
