"""The typesetter: data through a room's layout, with the bundled font and no other. Imports little, so that a process
of its own can be started for it.

A compiler is kept and used again: a form takes some milliseconds. It cannot be shared between threads, so each has its
own, one a layout; while it works, the other threads go on. What it has set it remembers for ten more papers, whatever
their size: a ledger of two thousand lines would hold 240 MB, so what is large is set by a process that ends with it.
"""

import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typst

FONTS = Path(__file__).parent / "fonts"
#: Bytes of data from which on a form is set apart: about 70 lines of a ledger; a receipt has 5,000.
LARGE = 20_000
_PATIENCE_SECONDS = 120.0
#: How often it is looked whether anybody still waits for what is set apart.
_LOOK_SECONDS = 0.2

_kept = threading.local()


def pdf(layout: Path, data: str, timestamp: int) -> bytes:
    """A paper as PDF/A-2b. data: JSON, as the layout reads it (`sys.inputs.paper`); timestamp: its date, seconds since
    1970."""
    if len(data.encode()) >= LARGE:
        return _apart(layout, data, timestamp)
    return _pdf(layout, data, timestamp)


def pictures(layout: Path, data: str, ppi: float) -> list[bytes]:
    """Its pages as PNG."""
    made = _compiler(layout).compile(format="png", sys_inputs={"paper": data}, ppi=ppi)
    return [page for page in (made if isinstance(made, list) else [made]) if page is not None]


def _pdf(layout: Path, data: str, timestamp: int) -> bytes:
    made = _compiler(layout).compile(
        format="pdf", sys_inputs={"paper": data}, pdf_standards="a-2b", timestamp=timestamp
    )
    assert isinstance(made, bytes), "a PDF is one file"
    return made


def _compiler(layout: Path) -> "typst.Compiler":
    import typst  # 7 MB, by the first paper that is set here: what is large is set by another process

    compilers: dict[Path, typst.Compiler] = _kept.__dict__.setdefault("compilers", {})
    if layout not in compilers:
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
        compilers[layout] = typst.Compiler(str(layout), root=str(layout.parent), font_paths=fonts)
    return compilers[layout]


def _apart(layout: Path, data: str, timestamp: int) -> bytes:
    """The same, by a process of its own, which ends when nobody waits for it any more. Raises CalledProcessError,
    TimeoutExpired and GivenUp."""
    from shared.press.threads import need_wanted  # by whoever has it: that process does not

    # -P: our neighbours here are not its library
    command = [sys.executable, "-P", __file__, str(layout), str(timestamp)]
    deadline = time.monotonic() + _PATIENCE_SECONDS
    # From a file: what a pipe did not take before the first look, communicate() never gives to it after.
    with TemporaryFile() as given:
        given.write(data.encode())
        given.seek(0)
        setter = subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with setter:
        try:
            while True:
                left = deadline - time.monotonic()
                try:
                    made, _ = setter.communicate(timeout=max(0.0, min(left, _LOOK_SECONDS)))
                    break
                except subprocess.TimeoutExpired:
                    need_wanted()
                    if left <= 0:
                        raise
        except BaseException:
            setter.kill()
            raise
    if setter.returncode:
        raise subprocess.CalledProcessError(setter.returncode, command)
    return made


if __name__ == "__main__":
    sys.stdout.buffer.write(_pdf(Path(sys.argv[1]), sys.stdin.buffer.read().decode(), int(sys.argv[2])))
