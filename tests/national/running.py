"""The portal as a process of its own, and a caller that speaks to it as a province does."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import httpx

ROOT = Path(__file__).parents[2]
USERNAME, PASSWORD = "quangtri", "mật khẩu thử"
MADONVI, DSTCODE = "000.00.00.H50", "VN:GOV:000.00.00.G22:vpcpdvcqg"
HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "Charset": "utf-8",
    "dstcode": DSTCODE,
}


class PortalProcess:
    """`python -m tests.national_portal`, and what a tester asks of it."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self.address = ""
        self._process: subprocess.Popen[str] | None = None
        self.client = httpx.Client(timeout=10)
        self.start()

    def start(self) -> Self:
        """Start it; after a kill on the port that it had."""
        port = self.address.rpartition(":")[2] or "0"
        command = [sys.executable, "-m", "tests.national_portal", "--port", port, "--with-caller"]
        self._process = subprocess.Popen(
            [*command, *self._arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the portal ended before it listened"
        self.address = json.loads(line)["address"]
        return self

    def kill(self) -> None:
        """As a machine that goes away does."""
        self._end(signal.SIGKILL)

    def hang_up(self) -> None:
        """Close its standard input, as happens when who started it dies."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def stop(self) -> None:
        """End it, and what it was asked with."""
        self.client.close()
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(10)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process = None

    # the tester's side

    def control(self, method: str, path: str, body: Any = None, **asked: Any) -> Any:
        """What a control answers; a mistake of the tester is an AssertionError."""
        answer = self.client.request(method, f"{self.address}/_control/{path}", json=body, params=asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def set(self, **settings: Any) -> None:
        self.control("PATCH", "settings", settings)

    def fault(self, kind: str, **plan: Any) -> None:
        self.control("POST", "faults", {"kind": kind, **plan})

    def stored(self, code: str) -> Any:
        """The dossier as it was sent last; None: it is not there."""
        answer = self.client.get(f"{self.address}/_control/dossiers/{code}")
        return answer.json()["item"] if answer.status_code == 200 else None

    def kinds_of(self, code: str) -> list[str]:
        """What took effect on a dossier, in the order of arrival."""
        return [one["kind"] for one in self.control("GET", "effects", dossier=code)]


class Caller:
    """A province's system: logs in, and calls services by name."""

    def __init__(self, portal: PortalProcess, *, headers: dict[str, str] = HEADERS, madonvi: str = MADONVI) -> None:
        self.portal, self.headers, self.madonvi = portal, headers, madonvi
        self.session: str | None = None

    def post(self, endpoint: str, body: Any = None, **more: Any) -> httpx.Response:
        """The bare answer to a body, or to `content=` as it is."""
        if body is not None:
            more["content"] = json.dumps(body).encode()
        return self.portal.client.post(
            f"{self.portal.address}/{endpoint}", headers={**self.headers, **more.pop("headers", {})}, **more
        )

    def login(self, username: str = USERNAME, password: str = PASSWORD) -> Any:
        answer = self.post("auth", {"username": username, "password": password}).json()
        self.session = answer.get("session")
        return answer

    def body(self, service: str, **parameters: Any) -> dict[str, Any]:
        if self.session is None:
            self.login()
        return {"session": self.session, "madonvi": self.madonvi, "service": service, **parameters}

    def call(self, service: str, endpoint: str = "integration", **parameters: Any) -> Any:
        """The JSON of the answer, whatever it says."""
        return self.post(endpoint, self.body(service, **parameters)).json()

    def send(self, *items: Any, updating: bool = False) -> Any:
        return self.call("DongBoHoSoMC", isUpdating=str(updating), data=list(items))

    def tell(self, *items: Any) -> Any:
        return self.call("CapNhatTienDoHoSoMC", data=list(items))

    def look_up(self, code: str) -> Any:
        return self.call("TraCuuHoSo", mahoso=code)["result"]


def per_item(answer: Any) -> list[Any]:
    """The codes of the items, in the order of the answer."""
    return [one["error_code"] for one in answer["result"]]


def reasons(answer: Any) -> list[tuple[str, str]]:
    """Field and word of what was wrong with the first item."""
    return [(one["field"], one["code"]) for one in answer["result"][0]["details"]]
