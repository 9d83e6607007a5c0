"""A real receiver of webhooks: a process of its own with TLS, under an authority that is thrown away; and what it got.

How it behaves is the path that it is asked for:
/ok · /status/503 · /flaky/2 (503 twice for each message, then 204) · /slow (answers after 30 s) · /huge (a body without
end) · /drip (a status, then a byte a second) · /redirect · /hang (accepts and says nothing)
"""

import json
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "hooks.example"
_BEGIN, _END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Receiver:
    """Where it listens, and under whose certificate."""

    port: int
    authority: Path

    def url(self, path: str, host: str = HOST) -> str:
        return f"https://{host}:{self.port}{path}"

    def received(self) -> list[dict[str, Any]]:
        """What it got, in order: path, headers, body, SNI."""
        context = ssl.create_default_context(cafile=str(self.authority))
        answer = httpx.get(f"https://127.0.0.1:{self.port}/received", verify=context, trust_env=False, timeout=10)
        found: list[dict[str, Any]] = answer.json()
        return found

    def got(self, path: str) -> list[dict[str, Any]]:
        return [each for each in self.received() if each["path"] == path]


@contextmanager
def receiving(directory: Path, *, host: str = HOST, plain: bool = False) -> Iterator[Receiver]:
    """A receiver that runs."""
    authority = _make_certificates(directory, host)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.routing.webhooks.receiving", str(directory), "plain" if plain else "tls"],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        text=True,
    )
    assert process.stdout is not None
    try:
        yield Receiver(int(process.stdout.readline()), authority)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _make_certificates(directory: Path, host: str) -> Path:
    key, root = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "thrown away")])

    def begun(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
        return made.serial_number(x509.random_serial_number()).not_valid_before(_BEGIN).not_valid_after(_END)

    identifier = x509.SubjectKeyIdentifier.from_public_key(root.public_key())
    above = (
        begun(issuer, root.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(identifier, critical=False)
        .sign(root, hashes.SHA256())
    )
    names = [x509.DNSName(host), x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    below = (
        begun(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(root, hashes.SHA256())
    )
    pem, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (directory / "key.pem").write_bytes(key.private_bytes(pem, private, serialization.NoEncryption()))
    (directory / "chain.pem").write_bytes(below.public_bytes(pem))
    authority = directory / "authority.pem"
    authority.write_bytes(above.public_bytes(pem))
    return authority


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    got: ClassVar[list[dict[str, Any]]] = []
    met: ClassVar[Counter[str]] = Counter()
    lock = Lock()

    def do_GET(self) -> None:
        with self.lock:
            self._answer(200, json.dumps(self.got).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        kind, _, told = self.path.partition("?")[0].strip("/").partition("/")
        with self.lock:
            self.got.append(
                {
                    **{"path": self.path, "headers": headers, "body": body, "at": time.monotonic()},
                    "sni": getattr(self.connection, "sni", None),
                }
            )
            self.met[headers.get("webhook-id", "")] += 1
            times = self.met[headers.get("webhook-id", "")]
        match kind:
            case "status":
                self._answer(int(told), b"told you so " * 10)
            case "flaky":
                self._answer(503 if times <= int(told) else 204, b"")
            case "again":
                self._answer(503, b"", {"Retry-After": told})
            case "redirect":
                self._answer(307, b"", {"Location": "/ok"})
            case "slow":
                time.sleep(30)
                self._answer(200, b"")
            case "huge":
                self._begin(200)
                with suppress(OSError):
                    while True:
                        self.wfile.write(b"x" * 65536)
            case "drip":
                self._begin(200)
                with suppress(OSError):
                    for _ in range(60):
                        self.wfile.write(b"x")
                        self.wfile.flush()
                        time.sleep(1)
            case _:
                self._answer(204, b"")

    def _begin(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(2**40))
        self.end_headers()

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        with suppress(OSError):
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """It says nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    context: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """TLS in the thread of the request: who does not speak holds up nobody."""
        if self.context is not None:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who goes away has gone."""


def _serve(directory: Path, plain: bool) -> None:
    server = _Server(("127.0.0.1", 0), _Handler)
    if not plain:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "chain.pem", directory / "key.pem")

        def heard(connection: Any, name: str | None, _: Any) -> None:
            connection.sni = name

        context.sni_callback = heard
        server.context = context
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), sys.argv[2] == "plain")
