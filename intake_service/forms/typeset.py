"""The typesetter: data through the one layout (form.typ), with the bundled font and no other. Imports little, so that a
process of its own can be started for it.

A compiler is kept and used again: a form takes some milliseconds. It cannot be shared between threads, so each has its
own; while it works, the other threads go on. What it has set it remembers for ten more forms, whatever their size: a
ledger of two thousand lines would hold 240 MB, so what is large is set by a process that ends with it.
"""

import subprocess
import sys
import threading
from pathlib import Path

import typst

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
_LAYOUT = HERE / "form.typ"
#: Bytes of data from which on a form is set apart: about 70 lines of a ledger; a receipt has 5,000.
LARGE = 20_000
_PATIENCE_SECONDS = 120.0

_kept = threading.local()


def pdf(data: str, timestamp: int) -> bytes:
    """A form as PDF/A-2b. data: JSON, as the layout reads it; timestamp: its date, seconds since 1970."""
    if len(data.encode()) >= LARGE:
        return _apart(data, timestamp)
    return _pdf(data, timestamp)


def pictures(data: str, ppi: float) -> list[bytes]:
    """Its pages as PNG."""
    made = _compiler().compile(format="png", sys_inputs={"paper": data}, ppi=ppi)
    return [page for page in (made if isinstance(made, list) else [made]) if page is not None]


def _pdf(data: str, timestamp: int) -> bytes:
    made = _compiler().compile(format="pdf", sys_inputs={"paper": data}, pdf_standards="a-2b", timestamp=timestamp)
    assert isinstance(made, bytes), "a PDF is one file"
    return made


def _compiler() -> typst.Compiler:
    found: typst.Compiler | None = getattr(_kept, "compiler", None)
    if found is None:
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
        found = _kept.compiler = typst.Compiler(str(_LAYOUT), root=str(HERE), font_paths=fonts)
    return found


def _apart(data: str, timestamp: int) -> bytes:
    """The same, by a process of its own. Raises CalledProcessError and TimeoutExpired."""
    command = [sys.executable, "-P", __file__, str(timestamp)]  # -P: our neighbours here are not its library
    return subprocess.run(
        command, input=data.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
        timeout=_PATIENCE_SECONDS,
    ).stdout  # fmt: skip


if __name__ == "__main__":
    sys.stdout.buffer.write(_pdf(sys.stdin.buffer.read().decode(), int(sys.argv[1])))
