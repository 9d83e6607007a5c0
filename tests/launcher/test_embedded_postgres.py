"""The embedded PostgreSQL, for real: started, killed in every way, and started again."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkProcess
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from services import embedded
from services.embedded import DataDirBusy, StartFailed, binary, start

REPOSITORY = Path(embedded.__file__).parents[1]
NOBODY = embedded.NOBODY
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
AS_MAPPED = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")

# Starts, says `pid cold url`, and stops when its input ends. "loose" starts from a thread, so without the leash.
LAUNCHER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkProcess
from pathlib import Path
from services.embedded import EmbeddedError, start
try:
    data_dir = Path(sys.argv[1])
    loose = "loose" in sys.argv
    server = ThreadPoolExecutor(1).submit(start, data_dir).result() if loose else start(data_dir)
except EmbeddedError as error:
    sys.exit(str(error))
print(server.pid, server.cold, server.url, flush=True)
sys.stdin.read()
server.stop()
"""

as_root_only = pytest.mark.skipif(os.geteuid() != 0, reason="concerns root")


class Launcher:
    """Another process that runs LAUNCHER."""

    def __init__(self, *args: str | Path, prefix: tuple[str, ...] = (), path: str = os.environ["PATH"]) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", LAUNCHER, *map(str, args)],
            cwd="/",
            env={"PATH": path, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def started(self) -> tuple[int, bool, str]:
        """The server's pid, whether the start was cold, and the address."""
        assert self.process.stdout is not None
        pid, cold, url = (self.process.stdout.readline() or f"0 0 {self.refusal()}").split(maxsplit=2)
        assert int(pid), url
        return int(pid), cold == "True", url.strip()

    def refusal(self) -> str:
        """What a launcher that did not start said."""
        assert self.process.communicate(timeout=30)[0] == ""
        return str(self.process.communicate()[1])

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def finish(self) -> None:
        self.process.communicate(timeout=30)
        assert self.process.returncode == 0


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """A directory that everyone may enter; pytest's own are closed to other users."""
    with TemporaryDirectory(dir="/tmp") as path:
        Path(path).chmod(0o755)
        yield Path(path)


def ask(url: str, *statements: str) -> object:
    """The value of the last statement, over one connection of its own."""

    async def talk() -> object:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as elsewhere:  # so that the loop of the test run stays untouched
        return elsewhere.submit(asyncio.run, talk()).result()


def note(url: str, text: str) -> None:
    ask(url, "create table if not exists note (text text)", f"insert into note values ('{text}')", "select 1")


def notes(url: str) -> object:
    return ask(url, "select string_agg(text, ' ' order by text) from note")


def alive(pid: int) -> bool:
    """Also false for a process that ended and that nobody has waited for yet."""
    return bool(embedded._command_line(pid))


def gone_within(seconds: float, pid: int) -> bool:
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def modes_above(path: Path) -> list[tuple[Path, int, int]]:
    return [(above, above.stat().st_mode, above.stat().st_uid) for above in path.parents]


def test_a_cold_start_makes_a_database_that_answers(tmp_path):
    with start(tmp_path / "new" / "data") as server:
        assert server.cold
        assert server.alive
        assert ask(server.url, "select 1") == 1
        assert ask(server.url, "select upper('đặng')") == "ĐẶNG"
        assert ask(server.url, "show timezone") == "Asia/Ho_Chi_Minh"
        assert ask(server.url, "show data_checksums") == "on"
        assert ask(server.url, "show server_encoding") == "UTF8"
    assert not server.alive
    server.stop()  # a second time does nothing


def test_a_warm_start_keeps_the_data_and_the_port(tmp_path):
    with start(tmp_path) as server:
        note(server.url, "kept")
    for _ in range(3):
        with start(tmp_path, settings={"work_mem": "12MB"}) as again:
            assert not again.cold
            assert again.url == server.url
            assert notes(again.url) == "kept"
            assert ask(again.url, "show work_mem") == "12MB"


def test_only_the_password_opens_it_and_it_is_not_shown(tmp_path):
    with start(tmp_path) as server:
        password = (tmp_path / "postgres" / "password").read_text()
        assert password in server.url
        assert password not in repr(server)
        with pytest.raises(asyncpg.InvalidPasswordError):
            ask(server.url.replace(password, "guess"), "select 1")
        assert (tmp_path / "postgres" / "password").stat().st_mode & 0o777 == 0o600


def test_the_terminal_interrupts_the_launcher_alone(tmp_path):
    with start(tmp_path) as server:
        assert os.getsid(server.pid) == server.pid != os.getsid(0)
        assert os.getpgid(server.pid) != os.getpgrp()


def test_a_row_quoted_in_an_error_stays_out_of_the_log(tmp_path):
    with start(tmp_path) as server:
        ask(server.url, "create table person (id text primary key)", "insert into person values ('x')", "select 1")
        with pytest.raises(asyncpg.UniqueViolationError):
            ask(server.url, "insert into person select repeat('045', 4)", "insert into person select repeat('045', 4)")
    log = (tmp_path / "postgres" / "log").read_text()
    assert "duplicate key" in log
    assert "045045045045" not in log


def test_killed_postmaster_every_acknowledged_row_is_there(tmp_path):
    acknowledged = 0

    async def write(url: str, pid: int) -> None:
        nonlocal acknowledged
        connection = await asyncpg.connect(url)
        await connection.execute("create table row (id bigint)")
        for number in range(1_000_000):
            await connection.execute("insert into row values ($1)", number)
            acknowledged += 1
            if acknowledged == 300:
                os.kill(pid, signal.SIGKILL)

    with start(tmp_path) as server, ThreadPoolExecutor(1) as elsewhere:
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)):
            elsewhere.submit(asyncio.run, write(server.url, server.pid)).result()
        while server.alive:
            time.sleep(0.01)
    with start(tmp_path) as server:
        assert not server.cold
        assert acknowledged >= 300
        assert ask(server.url, f"select count(*) from row where id < {acknowledged}") == acknowledged


def test_killed_launcher_takes_its_server_along(tmp_path):
    launcher = Launcher(tmp_path)
    pid, cold, url = launcher.started()
    assert cold
    note(url, "kept")
    launcher.kill()
    assert gone_within(10, pid)
    with start(tmp_path) as server:
        assert notes(server.url) == "kept"


def test_killed_launcher_and_a_server_that_lives_on_is_stopped_by_the_next_start(tmp_path):
    launcher = Launcher(tmp_path, "loose")
    orphan, _, url = launcher.started()
    note(url, "kept")
    launcher.kill()
    time.sleep(0.3)
    assert alive(orphan)
    with start(tmp_path) as server:
        assert not alive(orphan)
        assert server.pid != orphan
        assert notes(server.url) == "kept"


def test_killed_launcher_and_killed_postmaster(tmp_path):
    launcher = Launcher(tmp_path, "loose")
    orphan, _, url = launcher.started()
    note(url, "kept")
    launcher.kill()
    os.kill(orphan, signal.SIGKILL)
    with start(tmp_path) as server:
        assert notes(server.url) == "kept"


@pytest.mark.parametrize("seconds", [0.0, 0.15, 0.4])
def test_killed_while_the_cluster_is_made_leaves_nothing_in_the_way(tmp_path, seconds):
    launcher = Launcher(tmp_path)
    while not list(tmp_path.glob("postgres.new-*")):
        time.sleep(0.005)
    time.sleep(seconds)
    launcher.kill()
    with start(tmp_path) as server:
        assert ask(server.url, "select 1") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "postgres"]


def test_a_second_start_says_who_is_there_and_what_to_do(tmp_path):
    launcher = Launcher(tmp_path)
    _, _, url = launcher.started()
    second = Launcher(tmp_path).refusal()
    for words in (str(tmp_path), f"process {launcher.process.pid} started it", "Ctrl-C", "--data-dir"):
        assert words in second
    with pytest.raises(DataDirBusy, match=f"kill {launcher.process.pid}"):
        start(tmp_path)
    assert ask(url, "select 1") == 1
    launcher.finish()
    with start(tmp_path) as server:
        assert not server.cold


def test_a_process_forked_from_the_launcher_does_not_hold_the_directory(tmp_path):
    with start(tmp_path) as server:
        note(server.url, "kept")
        forked = ForkProcess(target=time.sleep, args=(60,))
        forked.start()
    try:
        with start(tmp_path) as again:
            assert notes(again.url) == "kept"
        assert forked.is_alive()
    finally:
        forked.kill()
        forked.join()


def test_a_recorded_pid_that_is_now_a_strangers_is_left_alone(tmp_path):
    with start(tmp_path) as server:
        note(server.url, "kept")
        os.kill(server.pid, signal.SIGKILL)
    pid_file = tmp_path / "postgres" / "data" / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"]) as stranger:
        try:
            pid_file.write_text(pid_file.read_text().replace(str(server.pid), str(stranger.pid), 1))
            with start(tmp_path) as again:
                assert notes(again.url) == "kept"
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_taken_port_is_given_up(tmp_path):
    with start(tmp_path) as server:
        port = int((tmp_path / "postgres" / "port").read_text())
        assert f":{port}/" in server.url
    with socket.create_server((embedded.HOST, port)), start(tmp_path) as server:
        assert f":{port}/" not in server.url
        assert ask(server.url, "select 1") == 1


def test_a_failed_start_repeats_the_servers_words_and_frees_the_directory(tmp_path):
    with pytest.raises(StartFailed, match=r'(?s)invalid value for parameter "max_connections".*MOTCUA_DATABASE_URL'):
        start(tmp_path, settings={"max_connections": "many"})
    with start(tmp_path) as server:
        assert ask(server.url, "select 1") == 1


def test_without_the_wheel_it_says_what_to_set():
    code = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); import services.embedded as e; e.binary('psql')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert "EmbeddedError: " in done.stderr
    assert "\nNo embedded PostgreSQL for this platform" in done.stderr
    assert "MOTCUA_DATABASE_URL" in done.stderr


def test_the_tools_of_the_wheel_are_at_hand(tmp_path):
    with start(tmp_path) as server:
        command = [str(binary("psql")), "--no-psqlrc", "-Atc", "select 1", server.url]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "1\n"


@as_root_only
def test_root_adds_no_user_and_opens_no_directory(tmp_path):
    users = Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data_dir = closed / "data"
    before = modes_above(data_dir) + modes_above(binary("postgres"))
    with start(data_dir) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid == 0
        assert ask(server.url, "select 1") == 1
    assert {path.stat().st_uid for path in data_dir.rglob("*")} == {0}
    assert modes_above(data_dir) + modes_above(binary("postgres")) == before
    assert (Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes()) == users


@pytest.fixture
def path_without_unshare(open_dir: Path) -> str:
    """What root has where user namespaces are not to be had."""
    tools = open_dir / "tools"
    tools.mkdir()
    for tool in ("setpriv", "test", "true"):
        (tools / tool).symlink_to(shutil.which(tool) or pytest.skip(f"no {tool} here"))
    return str(tools)


@as_root_only
def test_root_without_namespaces_runs_it_as_nobody(open_dir, path_without_unshare):
    data_dir = open_dir / "data"
    launcher = Launcher(data_dir, path=path_without_unshare)
    before = modes_above(data_dir)[1:]
    pid, _, url = launcher.started()
    assert Path(f"/proc/{pid}").stat().st_uid == NOBODY
    note(url, "kept")
    launcher.kill()
    assert gone_within(10, pid)
    assert modes_above(data_dir)[1:] == before
    with start(data_dir) as server:  # with a namespace again: the files are root's again
        assert notes(server.url) == "kept"
        assert (data_dir / "postgres" / "data" / "PG_VERSION").stat().st_uid == 0


@as_root_only
def test_root_without_namespaces_says_which_directory_is_closed(tmp_path, path_without_unshare):
    tmp_path.chmod(0o700)
    said = Launcher(tmp_path / "data", path=path_without_unshare).refusal()
    assert f"{tmp_path / 'data'} is out of reach" in said
    assert "--data-dir" in said
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@as_root_only
def test_an_ordinary_user_runs_it_directly(open_dir):
    prefix = next(filter(can_start, (AS_NOBODY, AS_MAPPED)), None)
    if prefix is None:
        pytest.skip("no ordinary user can read this interpreter or the wheel's binaries")
    data_dir = open_dir / "data"
    data_dir.mkdir()
    if prefix is AS_NOBODY:
        os.chown(data_dir, NOBODY, NOBODY)
    for cold in (True, False):
        launcher = Launcher(data_dir, prefix=prefix)
        pid, was_cold, url = launcher.started()
        assert was_cold == cold
        note(url, "cold" if cold else "warm")
        assert Path(f"/proc/{pid}").stat().st_uid == data_dir.stat().st_uid
        launcher.finish()
        assert not alive(pid)
    launcher = Launcher(data_dir, prefix=prefix)
    assert notes(launcher.started()[2]) == "cold warm"
    launcher.finish()


def can_start(prefix: tuple[str, ...]) -> bool:
    code = "import os; from services.embedded import binary as b; assert os.access(b('postgres'), os.X_OK)"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*prefix, sys.executable, "-c", code]
    return subprocess.run(command, env=environment, cwd="/", capture_output=True, check=False).returncode == 0
