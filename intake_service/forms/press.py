"""Printing beside the event loop: a few threads, so that a hundred receipts at once leave the counter its processor."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from intake_service.forms.wording import Paper
from shared.web.problems import Problem

_THREADS = max(1, min(4, os.cpu_count() or 1))
#: Forms that may wait for a thread; whoever comes then is told to come again.
_MOST_WAITING = 200

_pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="press")
_under_way = 0


async def pressed(press: Callable[[Paper], bytes], paper: Paper) -> bytes:
    """The file of a form, printed by `press` in a thread of the pool."""
    global _under_way
    if _under_way >= _MOST_WAITING:
        raise Problem("unavailable")
    _under_way += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool, press, paper)
    finally:
        _under_way -= 1
