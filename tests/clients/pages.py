"""A page of an origin of its own, shown in a real browser."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

_PAGE = Path(__file__).parent / "browser" / "page.html"
BROWSER = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
#: As root, from a profile of its own, and to this machine alone.
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_SECONDS = 120.0


class Origin:
    """A server of the page. What its script tells is taken from `told`."""

    def __init__(self) -> None:
        origin, self.given = self, ""
        self.told: Queue[dict[str, Any]] = Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = _PAGE.read_text(encoding="utf-8").replace("GIVEN", origin.given)
                self._answer(page.encode() if self.path == "/" else b"")

            def do_POST(self) -> None:
                origin.told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self._answer(b"")

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def shown(self, given: dict[str, Any], profile: Path) -> dict[str, Any]:
        """What came of the page in a browser that has never been anywhere."""
        self.given = json.dumps(given, ensure_ascii=False).replace("\\", "\\\\")
        with _browser(f"{self.address}/", profile):
            return self.told.get(timeout=_SECONDS)

    def close(self) -> None:
        """It is gone."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def _browser(address: str, profile: Path) -> Iterator[None]:
    assert BROWSER is not None
    # What apt installs is a shell script that waits for the browser: in a group of their own all of them end together.
    process = subprocess.Popen(
        [BROWSER, *_FLAGS, f"--user-data-dir={profile}", address],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
