"""What both presses share: the threads in which they print, and the QR code.

A few threads beside the event loop, so that a hundred receipts at once leave the counter its processor.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from subprocess import SubprocessError

import segno

from intake_service.forms.wording.shapes import Paper
from shared.web.problems import Problem

_THREADS = max(1, min(4, os.cpu_count() or 1))
#: Forms that may wait for a thread; whoever comes then is told to come again.
_MOST_WAITING = 200

#: Whatever the mask, a QR code reads; to weigh all eight (ISO/IEC 18004) takes 4 of the 5.5 ms that one costs.
_MASK = 2

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
    except SubprocessError as error:  # a large one, which no longer had time or memory
        raise Problem("unavailable") from error
    finally:
        _under_way -= 1


def code_of(address: str) -> segno.QRCode:
    """The QR code that leads to an address; a seventh of it may be soiled."""
    return segno.make_qr(address, error="m", mask=_MASK)
