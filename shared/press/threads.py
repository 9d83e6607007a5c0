"""The threads in which files are made: a few beside the event loop, so that a hundred receipts at once leave the
counter its processor."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from subprocess import SubprocessError
from typing import TypeVar

from shared.web.problems import Problem

_THREADS = max(1, min(4, os.cpu_count() or 1))
#: Papers that may wait for a thread; whoever comes then is told to come again.
_MOST_WAITING = 200

_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="press")
_under_way = 0

Paper = TypeVar("Paper")
Made = TypeVar("Made")


async def pressed(press: Callable[[Paper], Made], paper: Paper) -> Made:
    """The file of a paper, or what else `press` makes of it, in a thread of the pool."""
    global _under_way
    if _under_way >= _MOST_WAITING:
        raise Problem("unavailable")
    _under_way += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool, press, paper)
    except SubprocessError as error:  # a large one, which no longer had time or memory
        raise Problem("unavailable") from error
    finally:
        _under_way -= 1
