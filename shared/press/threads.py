"""The threads beside the event loop: a few in which files are made, so that a hundred receipts at once leave the
counter its processor, and one in which what is large is worked out, whatever files are being made.

Whoever asked may go. What still waits for a thread is then given up at once, and what a thread is at ends when it next
looks whether it is wanted: between two rows of a table (`wanted`), or while a process of its own sets a paper."""

import asyncio
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from subprocess import SubprocessError
from typing import TypeVar

from shared.web.problems import Problem

_THREADS = max(1, min(4, os.cpu_count() or 1))
#: Papers that may wait for a thread; whoever comes then is told to come again.
_MOST_WAITING = 200
#: So many rows of a report take 30 ms.
FEW = 1000

Paper = TypeVar("Paper")
Made = TypeVar("Made")
Item = TypeVar("Item")

_at_work = threading.local()


class GivenUp(Exception):
    """Nobody waits any more for what this thread makes."""


class Threads:
    """Some threads, and what waits for them."""

    def __init__(self, name: str, number: int) -> None:
        self._pool = ThreadPoolExecutor(number, thread_name_prefix=name)
        self._under_way = 0

    async def do(self, work: Callable[[], Made]) -> Made:
        """What `work` makes, in one of the threads."""
        if self._under_way >= _MOST_WAITING:
            raise Problem("unavailable")
        given_up = threading.Event()
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, _known_to, given_up, work)
        finally:
            given_up.set()
            self._under_way -= 1


_for_files = Threads("press", _THREADS)
# They would only take turns: one goes on while the loop waits for the database.
_for_figures = Threads("figures", 1)


async def pressed(press: Callable[[Paper], Made], paper: Paper) -> Made:
    """The file of a paper, or what else `press` makes of it."""
    try:
        return await _for_files.do(partial(press, paper))
    except SubprocessError as error:  # a large one, which no longer had time or memory
        raise Problem("unavailable") from error


async def worked_out(work: Callable[[], Made], *, of: int) -> Made:
    """What `work` comes to. of: of how many things; of a few it is worked out at once, where everybody waits for it."""
    return await _for_figures.do(work) if of > FEW else work()


def wanted(items: Iterable[Item]) -> Iterator[Item]:
    """The items, for as long as somebody waits for what this thread makes of them: then GivenUp is raised."""
    for item in items:
        need_wanted()
        yield item


def need_wanted() -> None:
    """Raises GivenUp if nobody waits any more for what this thread makes. Elsewhere than in such a thread somebody
    does."""
    given_up: threading.Event | None = getattr(_at_work, "given_up", None)
    if given_up is not None and given_up.is_set():
        raise GivenUp


def _known_to(given_up: threading.Event, work: Callable[[], Made]) -> Made:
    _at_work.given_up = given_up
    try:
        need_wanted()
        return work()
    finally:
        _at_work.given_up = None
