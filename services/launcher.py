"""`motcua up`: from nothing to a running installation, and down again in order."""

import errno
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import NoReturn

from migrations.logins import role_url
from services.embedded import RunningServer, running_url, start
from services.installation import Addresses, Installation
from services.local_issuer import AUDIENCE, ISSUER
from services.refusals import Refused

ROOMS = ("intake", "routing", "stats")
DEFAULT_PORTS = (8001, 8002, 8003)
HOST = "127.0.0.1"
READY_SECONDS = 180.0
TICK = 0.02  # seconds between two looks whether a service is ready
STOP_SECONDS = 15.0
WATCH_SECONDS = 0.5
MOST_DEATHS_A_MINUTE = 10


class LaunchFailed(Refused):
    """The installation did not come up; the message says why and what to do."""


class Stopped(KeyboardInterrupt):
    """A signal asked for the end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class Database:
    """The database of an installation: the one that MOTCUA_DATABASE_URL names, or the embedded one."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._given = os.environ.get("MOTCUA_DATABASE_URL")
        self._server: RunningServer | None = None

    def __enter__(self) -> "Database":
        """Once entered, the database takes connections. Raises EmbeddedError or DatabaseUnusable."""
        if self._given:
            from services.own_database import need

            need(self._given)
        self.keep_alive()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.stop()

    @property
    def url(self) -> str:
        """The login of its owner."""
        return self._given or self._embedded().url

    def keep_alive(self) -> bool:
        """Start the embedded server if it does not run; whether that was needed. It comes back on its old port, and
        what was acknowledged is there."""
        if self._given or (self._server is not None and self._server.alive):
            return False
        if self._server is not None:
            self._server.stop()  # lets the directory go
        self._server = start(self._installation.data_dir)
        return True

    def _embedded(self) -> RunningServer:
        assert self._server is not None, "entered before use"
        return self._server


@contextmanager
def reached(installation: Installation) -> Iterator[str]:
    """The owner's login of an installation's database, which may be serving: the one that MOTCUA_DATABASE_URL names, or
    the embedded one as it runs, or started for as long as this lasts. Raises Refused."""
    if not os.environ.get("MOTCUA_DATABASE_URL"):
        installation.need()
        if (url := running_url(installation.data_dir)) is not None:
            yield url
            return
        installation.need_database()
    with Database(installation) as database:
        yield database.url


class Services:
    """The three services as processes of their own: started together, watched, stopped in order. They are forked from
    the launcher, so what they consist of is loaded once: 0.6 s of the processor instead of 1.8, and 40 MB less each."""

    def __init__(self, installation: Installation, url: str, ports: Sequence[int]) -> None:
        self._installation = installation
        self._url = url
        self._ports = dict(zip(ROOMS, (port or _free_port() for port in ports), strict=True))
        self._processes: dict[str, ForkProcess] = {}
        intake, routing, stats = (f"http://{HOST}:{self._ports[room]}" for room in ROOMS)
        self.addresses = Addresses(intake, routing, stats, os.getpid())

    def __enter__(self) -> "Services":
        from services.serve import preload

        for room, port in self._ports.items():
            _need_free(room, port)
        preload()
        try:
            for room in ROOMS:
                self._spawn(room)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._installation.note_stopped()
        self._stop()

    def await_ready(self) -> None:
        """Wait until all three answer. They may be started before the schema is there: they wait for it."""
        for room in ROOMS:
            self._await_ready(room)
        self._installation.note_running(self.addresses)

    def revive(self) -> list[str]:
        """Start again whatever has died; its names. Nothing is lost by it: what was acknowledged is in the database."""
        dead = [room for room in ROOMS if not self._processes[room].is_alive()]
        for room in dead:
            self._spawn(room)
        return dead

    def log_of(self, room: str) -> Path:
        """Where a service writes its log."""
        return self._installation.logs / f"{room}.log"

    def settings_of(self, room: str) -> dict[str, str]:
        """What a service is told: embedded mode, in which the local issuer is trusted, is here and nowhere else."""
        return {
            "MOTCUA_DATABASE_URL": role_url(self._url, f"motcua_{room}"),
            "MOTCUA_EMBEDDED": "true",
            "MOTCUA_ISSUER": ISSUER,
            "MOTCUA_AUDIENCE": AUDIENCE,
            "MOTCUA_JWKS_FILE": str(self._installation.issuer.jwks_file.resolve()),
            "MOTCUA_CURSOR_KEY": self._installation.cursor_key(),
            "MOTCUA_TRACKING_KEY": self._installation.tracking_key(),
            "MOTCUA_IDENTITY_KEYS": os.environ.get("MOTCUA_IDENTITY_KEYS") or self._installation.identity_keys(),
            "MOTCUA_FILES": os.environ.get("MOTCUA_FILES") or str(self._installation.files),
            "MOTCUA_TRACKING_URL": f"{self.addresses.intake}/v1/track",
            "MOTCUA_SERVICE_TOKEN": self._installation.service_token(),
            "MOTCUA_INTAKE_URL": self.addresses.intake,
            "MOTCUA_ROUTING_URL": self.addresses.routing,
            "MOTCUA_STATS_URL": self.addresses.stats,
            "MOTCUA_LAUNCHER_PID": str(os.getpid()),
        }

    def _spawn(self, room: str) -> None:
        settings = self.settings_of(room)
        process = ForkProcess(target=_serve, args=(room, self._ports[room], settings, self.log_of(room)))
        process.start()
        self._processes[room] = process

    def _await_ready(self, room: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self._processes[room].is_alive():
            if _ready(self._ports[room]):
                return
            time.sleep(TICK)
        log = self.log_of(room)
        raise LaunchFailed(
            f"Dịch vụ {room} không khởi động được.\n"
            f"The {room} service did not get ready. Its last words ({log}):\n{_tail(log)}"
        )

    def _stop(self) -> None:
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in self._processes.values():
            process.join(max(0.1, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()


def _serve(room: str, port: int, settings: dict[str, str], log: Path) -> None:
    """What a forked process does: it leaves behind what it has of the launcher, then serves as `motcua serve` does."""
    from services.serve import serve

    os.setsid()  # Ctrl-C reaches the launcher alone, which stops everything in order
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_DFL)
    with log.open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.environ.update(settings)
    serve(room, HOST, port)


def watch(database: Database, services: Services, say: Callable[[str], None]) -> NoReturn:
    """Until Ctrl-C or SIGTERM: start again what dies. What dies over and over ends it with an error."""
    deaths: list[float] = []
    while True:
        time.sleep(WATCH_SECONDS)
        dead = ["database"] if database.keep_alive() else []
        dead += services.revive()
        for name in dead:
            say(f"{name}: đã dừng và được khởi động lại · had stopped and was started again")
        deaths = [at for at in deaths if at > time.monotonic() - 60] + [time.monotonic()] * len(dead)
        if len(deaths) > MOST_DEATHS_A_MINUTE:
            logs = services.log_of("intake").parent
            raise LaunchFailed(
                f"{dead[0]} dừng liên tục; xem nhật ký trong {logs}\n"
                f"{dead[0]} stops again and again; see the logs in {logs}"
            )


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM and SIGINT stop everything in order. Both by a handler of ours: a shell that starts something in the
    background has it ignore SIGINT."""

    def stop(number: int, _: object) -> None:
        raise Stopped(number)

    before = {name: signal.signal(name, stop) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _ready(port: int) -> bool:
    """Whether a service says so. Asked by hand: to load httpx takes 0.1 s, twice what the launcher itself takes."""
    with suppress(OSError), socket.create_connection((HOST, port), timeout=2) as wire:
        wire.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
        return b" 200 " in wire.recv(64)
    return False


def _need_free(room: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            others = "motcua up --ports 9001,9002,9003"
            if error.errno == errno.EACCES:
                raise LaunchFailed(
                    f"Tài khoản này không được phép dùng cổng {port} ({room}); chọn cổng từ 1024 trở lên.\n"
                    f"Port {port} ({room}) is not permitted to this user: choose ports from 1024 on, e.g. {others}"
                ) from error
            raise LaunchFailed(
                f"Cổng {port} ({room}) đã có chương trình khác dùng; hãy dừng chương trình đó hoặc chọn cổng khác.\n"
                f"Port {port} ({room}) is taken. Stop what uses it, or choose others: {others}"
            ) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _tail(log: Path) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    except OSError:
        return "(không có nhật ký · no log)"
