"""A time-stamping authority says that an anchor was there: a real one of openssl, run beside the tests; and what is not
taken for a stamp."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import asyncpg
import pytest
from pydantic import ValidationError

from intake_service.anchors import verify_anchors
from intake_service.anchors.stamping import Authority, NotStamped
from intake_service.anchors.usecases import anchoring_worker, have_stamped, take
from intake_service.app import create_app
from shared.web.clock import now
from shared.web.database import EVERY_ROW
from tests.support import PROVINCE, bearer, serving, settings_for

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")

_CONFIG = """
[ req ]
distinguished_name = name
[ name ]
[ root ]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[ stamping ]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ tsa ]
default_tsa = here
[ here ]
serial = serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def openssl(place: Path, *words: str, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *words], cwd=place, input=given, capture_output=True, check=True).stdout


class Stamper:
    """An authority with keys of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir()
        (place / "conf").write_text(_CONFIG)
        (place / "serial").write_text("01\n")
        new = ("req", "-newkey", "rsa:2048", "-nodes", "-config", "conf", "-subj")
        openssl(place, *new, "/CN=Root", "-x509", "-days", "30", "-extensions", "root", "-keyout", "root.key", "-out",
                "root.pem")  # fmt: skip
        openssl(place, *new, "/CN=Stamper", "-keyout", "tsa.key", "-out", "tsa.csr")
        openssl(place, "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "2",
                "-days", "30", "-extfile", "conf", "-extensions", "stamping", "-out", "tsa.pem")  # fmt: skip

    @property
    def certificates(self) -> Path:
        return self.place / "root.pem"

    def stamp(self, query: bytes) -> bytes:
        (self.place / "query").write_bytes(query)
        return openssl(self.place, "ts", "-reply", "-config", "conf", "-queryfile", "query", "-inkey", "tsa.key",
                       "-signer", "tsa.pem")  # fmt: skip


@pytest.fixture(scope="module")
def stamper(tmp_path_factory: pytest.TempPathFactory) -> Stamper:
    return Stamper(tmp_path_factory.mktemp("authority") / "ours")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Stamper:
    return Stamper(tmp_path_factory.mktemp("authority") / "other")


@contextmanager
def answering(answer: Callable[[bytes], tuple[int, bytes]]) -> Iterator[str]:
    """An authority over HTTP that answers so; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"] == "application/timestamp-query"
            status, body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/tsa"
    server.shutdown()
    server.server_close()


async def test_the_worker_anchors_a_day_and_has_it_stamped(emptied, issuer, stamper, tmp_path):
    asked: list[bytes] = []

    def answer(query: bytes) -> tuple[int, bytes]:
        asked.append(query)
        return (503, b"") if len(asked) == 1 else (200, stamper.stamp(query))

    with answering(answer) as url:
        settings = settings_for(emptied, issuer, stamp_authority=url, stamp_certificates=stamper.certificates)
        app = create_app(settings)
        async with serving(app) as client:
            room = app.state.room
            client.headers.update(bearer(issuer, "supervisor", PROVINCE))
            work = anchoring_worker(room)._round
            async with room.pool.acquire(EVERY_ROW) as connection:
                await work(connection)
                assert (await client.get("/v1/anchors/1")).json()["stamped_at"] is None
                assert (await client.get("/v1/anchors/1/stamp")).status_code == 404
                await work(connection)
                await work(connection)
            (anchor,) = (await client.get("/v1/anchors")).json()["items"]
            assert anchor["stamped_at"] is not None
            assert len(asked) == 2, "once it did not answer, and what is stamped is not asked again"
            stamp = await client.get("/v1/anchors/1/stamp")
            assert stamp.headers["content-type"] == "application/timestamp-reply"
            events = await client.get("/v1/anchors/1/events")
    assert all(anchor["root"].encode() not in query for query in asked)
    assert all(bytes.fromhex(anchor["root"]) in query for query in asked), "it sees the hash alone"

    for name, content in (("a.txt", anchor["text"].encode()), ("a.tsr", stamp.content), ("e", events.content)):
        (tmp_path / name).write_bytes(content)

    told: list[str] = []

    def verified(text: str, authority: Path) -> int:
        words = ["e", "-", text, "--stamp", "a.tsr", "--authority", str(authority)]
        done = subprocess.run(
            [sys.executable, "-I", verify_anchors.__file__, *words],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        told.append(done.stdout)
        return done.returncode

    assert verified("a.txt", stamper.certificates) == 0
    at = datetime.fromisoformat(anchor["stamped_at"]).astimezone(UTC)
    assert f"stamped at {at:%b} {at.day:2} {at:%H:%M:%S}" in told[-1], "a stamp that holds may be of any time"
    (tmp_path / "root.pem").write_bytes(
        openssl(tmp_path, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=X", "-keyout", "k")
    )
    assert verified("a.txt", tmp_path / "root.pem") == 1
    assert verified("a.txt", tmp_path / "missing.pem") == 2, "not looked at, which says nothing of the stamp"
    (tmp_path / "b.txt").write_text(anchor["text"].replace("number 1", "number 1 "), encoding="utf-8")
    assert verified("b.txt", stamper.certificates) != 0


async def test_what_is_not_taken_for_a_stamp(stamper, other):
    text = b"motcua-anchor/1\n"
    kept: list[bytes] = []

    def keeps(query: bytes) -> tuple[int, bytes]:
        kept.append(stamper.stamp(query))
        return 200, kept[-1]

    async def stamped(answer: Callable[[bytes], tuple[int, bytes]], of: bytes = text) -> str:
        with answering(answer) as url:
            roots = Authority.of_files(url, stamper.certificates)
            try:
                await roots.stamp(of)
            except NotStamped as error:
                return str(error)
        return "stamped"

    assert await stamped(keeps) == "stamped"
    for answer, told in (
        (lambda query: (200, other.stamp(query)), "does not hold"),
        (lambda query: (200, kept[0]), "does not hold"),  # of the same text, asked for another time
        (lambda query: (200, b""), "does not hold"),
        (lambda query: (200, b"<html>" * 100), "does not hold"),
        (lambda query: (200, stamper.stamp(query)[:-1] + b"\0"), "does not hold"),
        (lambda query: (200, stamper.stamp(b"no query")), "does not hold"),
        (lambda query: (200, b"\0" * 70_000), "larger than"),
        (lambda query: (302, b""), "status 302"),
        (lambda query: (500, b""), "status 500"),
    ):
        assert told in await stamped(answer), told
    assert "does not hold" in await stamped(lambda query: (200, kept[0]), of=b"another text")
    dead = Authority.of_files("http://127.0.0.1:1/tsa", stamper.certificates)
    with pytest.raises(NotStamped, match="ConnectError"):
        await dead.stamp(text)


async def test_stamps_that_are_missing_are_asked_for_oldest_first(emptied, stamper):
    connection = await asyncpg.connect(emptied.url("motcua_intake"))
    for _ in range(3):
        await take(connection, now())
    answers = iter([200, 200, 503])

    def answer(query: bytes) -> tuple[int, bytes]:
        return next(answers), stamper.stamp(query)

    with answering(answer) as url:
        await have_stamped(connection, Authority.of_files(url, stamper.certificates))
    stamped = await connection.fetch("SELECT number FROM anchor_stamp ORDER BY number")
    assert [row[0] for row in stamped] == [1, 2]
    await connection.close()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"stamp_authority": "https://tsa.example.gov.vn"}, "cả hai"),
        ({"stamp_certificates": "/nowhere.pem"}, "cả hai"),
        ({"stamp_authority": "ftp://tsa.example.gov.vn", "stamp_certificates": "/nowhere.pem"}, "http"),
        ({"stamp_authority": "https://tsa.example.gov.vn", "stamp_certificates": "/nowhere.pem"}, "tệp"),
        ({"stamp_authority": "https://tsa.example.gov.vn", "stamp_certificates": __file__}, "PEM"),
    ],
)
def test_settings_that_could_not_stamp_are_refused_at_the_start(database, issuer, given, told):
    with pytest.raises(ValidationError, match=told):
        settings_for(database, issuer, **given)
