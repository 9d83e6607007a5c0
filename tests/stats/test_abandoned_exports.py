"""Tệp không còn ai chờ: what is made for a client that has gone ends between two rows, and its place is another's."""

import asyncio
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, overload

import pytest

from shared.press import threads
from stats_service.app import create_app
from stats_service.exports.table import Filled, Row
from stats_service.exports.usecases import stream_answer
from tests.stats.editions import EDITIONS, a_report, a_room, sealed
from tests.stats.leaving import asked_by_one_who_leaves
from tests.stats.test_exports import PRESSES, a_table
from tests.support import PROVINCE, serving, settings_for

PATIENCE = 20
MANY = 500
LATE_LIST = "/v1/reports/official-tables/late-list"


class Rows(Sequence[Row]):
    """So many rows. At the third it is said that they are being read, and it waits until it may go on."""

    def __init__(self) -> None:
        self.read, self.begun, self.go_on = 0, threading.Event(), threading.Event()

    def __len__(self) -> int:
        return MANY

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        raise NotImplementedError("they are read in their order")

    def __iter__(self) -> Iterator[Row]:
        for n in range(MANY):
            self.read += 1
            if n == 2:
                self.begun.set()
                assert self.go_on.wait(PATIENCE)
            yield Row(str(n), (str(n), f"UBND xã số {n}", n, n, 0, "100.00", date(2019, 7, 22)))


@pytest.mark.parametrize("format", PRESSES)
async def test_a_press_ends_between_two_rows_once_nobody_waits(format: str) -> None:
    rows, ended, file = Rows(), threading.Event(), TemporaryFile()  # noqa: SIM115

    def press(filled: Filled) -> None:
        try:
            PRESSES[format].printed(filled, file)
        finally:
            ended.set()

    asked = asyncio.create_task(threads.pressed(press, Filled(a_table(), rows)))
    assert await asyncio.to_thread(rows.begun.wait, PATIENCE)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    rows.go_on.set()
    assert await asyncio.to_thread(ended.wait, PATIENCE)
    assert rows.read <= 4, "of five hundred"
    assert await threads.pressed(lambda number: number + 1, 1) == 2, "and the thread serves again"


async def test_what_somebody_waits_for_is_made_whole() -> None:
    rows = Rows()
    rows.go_on.set()
    with TemporaryFile() as file:
        await threads.pressed(lambda filled: PRESSES["csv"].printed(filled, file), Filled(a_table(), rows))
        file.seek(0)
        assert len(file.read().splitlines()) == MANY + 1


@pytest.mark.parametrize("way", ["whole", "as its rows come"])
async def test_a_workbook_that_is_given_up_leaves_nothing_on_the_disk(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rows, ended = Rows(), threading.Event()

    def press(filled: Filled) -> None:
        try:
            with TemporaryFile() as file:
                PRESSES["xlsx"].printed(filled, file)
        finally:
            ended.set()

    async def coming() -> Any:
        try:
            yield rows
        finally:
            ended.set()

    if way == "whole":
        asked: asyncio.Task[Any] = asyncio.create_task(threads.pressed(press, Filled(a_table(), rows)))
    else:
        asked = asyncio.create_task(stream_answer(a_table(), coming(), "xlsx"))
    assert await asyncio.to_thread(rows.begun.wait, PATIENCE)
    assert os.listdir(tmp_path), "its rows lie there"
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    rows.go_on.set()
    assert await asyncio.to_thread(ended.wait, PATIENCE)
    assert os.listdir(tmp_path) == []


async def test_a_paper_that_is_set_apart_ends_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that never ends stands for one that sets two thousand rows."""
    told = tmp_path / "pid"
    endless = tmp_path / "endless"
    endless.write_text(f"#!/bin/sh\necho $$ > {told}.new && mv {told}.new {told}\nexec sleep 1000\n")
    endless.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(endless))
    filled = Filled(a_table(), [Row(str(n), (str(n), "UBND " * 20, n, n, 0, "1.00", None)) for n in range(MANY)])

    def press(given: Filled) -> None:
        with TemporaryFile() as file:
            PRESSES["pdf"].printed(given, file)

    asked = asyncio.create_task(threads.pressed(press, filled))
    async with asyncio.timeout(PATIENCE):
        await _until(told.exists)
        asked.cancel()
        await _until(lambda: not _runs(int(told.read_text())))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def all_threads_busy() -> Iterator[None]:
    """Every thread that makes files is at something that does not end."""
    go_on = threading.Event()
    busy = asyncio.gather(
        *(threads.pressed(lambda event: event.wait(PATIENCE), go_on) for _ in range(threads._THREADS))
    )
    try:
        yield
        assert not busy.done()
    finally:
        go_on.set()


async def test_a_place_in_the_queue_is_given_up_at_once() -> None:
    made: list[int] = []
    with all_threads_busy():
        asked = [asyncio.create_task(threads.pressed(made.append, number)) for number in range(5)]
        await _until(lambda: _waiting() == 5)
        for each in asked[1:]:
            each.cancel()
        await asyncio.wait(asked[1:])
        assert _waiting() == 1
    await asked[0]
    await threads.pressed(made.append, 9)
    assert made == [0, 9], "what nobody waits for was never begun"


async def test_an_export_whose_client_goes_leaves_the_queue(database: Any, issuer: Any) -> None:
    """Each way to a file, while every thread is busy: the request ends, though no thread has come free."""
    async with a_room(database, issuer, seed=3, dossiers=20) as scene:
        edition = await sealed(scene.client, a_report())
    days = {"agency": PROVINCE, "from": "2026-01-01", "to": "2026-01-31"}
    ways: list[tuple[str, dict[str, str]]] = [
        *(("/v1/reports/resolution", {**days, "format": format}) for format in ("xlsx", "docx", "pdf")),
        *((LATE_LIST, {**days, "format": format}) for format in ("csv", "xlsx", "docx", "pdf")),
        ("/v1/reports/official-tables/ii-06a", {**days, "format": "docx"}),
        ("/v1/reports/official-tables/annex", {**days, "format": "xlsx"}),
        ("/v1/reports/index-766", {"agency": PROVINCE, "period": "2026-01", "format": "pdf"}),
        (f"{EDITIONS}/{edition['id']}/print", {"format": "docx"}),
    ]
    app = create_app(settings_for(database, issuer, pool_size=len(ways) + 1))
    async with serving(app), asyncio.timeout(PATIENCE):
        with all_threads_busy():
            asked = [asked_by_one_who_leaves(app, issuer, path, query) for path, query in ways]
            await _until(lambda: _waiting() == len(ways) or any(each.answered.done() for each in asked))
            assert [path for (path, _), each in zip(ways, asked, strict=True) if each.answered.done()] == []
            for each in asked:
                each.gone.set()
            await asyncio.gather(*(each.answered for each in asked))
            assert _waiting() == 0


def _waiting() -> int:
    return threads._for_files._under_way - threads._THREADS


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 (threads and processes tell nobody)
        await asyncio.sleep(0.01)
