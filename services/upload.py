"""Sending a file to the import endpoint, with a progress bar, and fetching what was rejected."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx
import orjson
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from services.client import good, headers_of, told
from services.language import said
from services.refusals import Mistyped, Refused
from services.terminal import written_whole

_BLOCK = 65_536
_FORMS = {".csv": "text/csv", ".ndjson": "application/x-ndjson", ".jsonl": "application/x-ndjson"}


def upload(
    intake: str, token: str, file: Path, *, synthetic: bool, rejects_to: Path, trial: bool = False
) -> dict[str, Any]:
    """Import `file` (.csv, .ndjson, .jsonl), or try it; the import as intake reports it. Nothing is sent where
    `rejects_to` could not take the rejected lines. Raises Refused."""
    form = _FORMS.get(file.suffix.lower())
    if form is None:
        names = ", ".join(_FORMS)
        raise Mistyped(
            f"{file.name}: tên tệp phải kết thúc bằng một trong {names}\n"
            f"{file.name}: the name must end in one of {names}"
        )
    need_place_for_rejects(rejects_to, file)
    with _sending(), _client(intake, token) as client, file.open("rb") as source, _bar() as bar:
        answer = client.post(
            "/v1/imports",
            params={"synthetic": str(synthetic).lower(), "trial": str(trial).lower()},
            headers={"Content-Type": form},
            content=_blocks(source, bar, file.stat().st_size),
        )
        return _ended(answer)


def send(intake: str, token: str, body: Iterator[bytes], *, synthetic: bool, trial: bool) -> dict[str, Any]:
    """Import records that are made on the way, NDJSON; the import as intake reports it. Raises Refused."""
    with _sending(), _client(intake, token) as client:
        answer = client.post(
            "/v1/imports",
            params={"synthetic": str(synthetic).lower(), "trial": str(trial).lower()},
            headers={"Content-Type": _FORMS[".ndjson"]},
            content=body,
        )
        return _ended(answer)


def rejects_file(file: Path) -> Path:
    """Where the rejected lines of `file` go unless told: beside it, under its whole name."""
    return file.with_name(f"{file.name}.rejects.ndjson")


@contextmanager
def _sending() -> Iterator[None]:
    """What an upload that breaks off leaves, and what to do then."""
    try:
        yield
    except Refused as refused:
        why = refused.__cause__
        if not isinstance(why, httpx.TransportError) or isinstance(why, httpx.ConnectError):
            raise
        raise _broken_off(refused) from refused


def _ended(answer: httpx.Response) -> dict[str, Any]:
    """The import as intake reports it. Raises Refused."""
    try:
        return dict(good(answer).json())
    except Refused as refused:
        if answer.status_code < 500 and answer.status_code != 408:
            raise
        raise _broken_off(refused) from refused


def _broken_off(why: Refused) -> Refused:
    return Refused(
        f"{why}\n"
        + said(
            "Bị đứt giữa chừng thì phần đã nhập vẫn còn: hãy chạy lại đúng lệnh này.",
            "If it broke off, what landed stays: run the same command again.",
        )
    )


@contextmanager
def _client(intake: str, token: str) -> Iterator[httpx.Client]:
    patience = httpx.Timeout(300, connect=5)
    with told(), httpx.Client(base_url=intake, headers=headers_of(token), timeout=patience) as client:
        yield client


def need_place_for_rejects(file: Path, *read: Path) -> None:
    """Found out before the upload, by opening it; what was not there is not there afterwards. read: what it must not
    be, as it would be gone. Raises Mistyped."""
    try:
        if file.exists() and any(map(file.samefile, read)):
            raise Mistyped(
                said(
                    f"--rejects: {file} chính là tệp được đọc; hãy nêu tệp khác.",
                    f"--rejects: {file} is what is read. Name another file.",
                )
            )
        new = not file.exists()
        file.open("ab").close()
        if new:
            file.resolve().unlink()  # what a link leads to, and not the link
    except OSError as error:
        raise _unwritable(file, error) from error


def _unwritable(file: Path, error: OSError) -> Mistyped:
    return Mistyped(
        f"Không ghi được {file} để lưu các dòng bị từ chối; hãy chọn tệp khác bằng --rejects.\n"
        f"{file}, for the rejected lines, cannot be written: {error.strerror}. Name another: --rejects FILE"
    )


def _blocks(source: IO[bytes], bar: Progress, size: int) -> Iterator[bytes]:
    task = bar.add_task(f"Nhập {Path(source.name).name}", total=size)
    while block := source.read(_BLOCK):
        yield block
        bar.advance(task, len(block))


def write_rejects(
    intake: str, token: str, run: dict[str, Any], to: Path, left_out: Iterable[dict[str, Any]] = ()
) -> Sequence[int]:
    """What was rejected, a line each: line number, reference, every reason; then what was left out before. Returns the
    numbers of the rejected lines, in order. Raises Refused."""
    rejected = array("Q")
    try:
        with _client(intake, token) as client, written_whole(to) as target:
            for item in _rejects(client, run["rejects"]):
                rejected.append(item["line"])
                target.write(orjson.dumps(item) + b"\n")
            for item in left_out:
                target.write(orjson.dumps(item) + b"\n")
    except OSError as error:
        raise _unwritable(to, error) from error
    return rejected


def _rejects(client: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        asked = {"limit": "1000", **({"cursor": cursor} if cursor else {})}
        page = good(client.get(path, params=asked)).json()
        yield from page["items"]
        cursor = page["next"]
        if cursor is None:
            return


def _bar() -> Progress:
    """In 80 columns: a long name gives way, the numbers do not."""
    name = TextColumn(
        "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", max_width=30)
    )
    return Progress(name, BarColumn(bar_width=20), DownloadColumn(), TimeRemainingColumn())
