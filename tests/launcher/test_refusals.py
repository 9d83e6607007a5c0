"""What cannot be done is said in words, with what to do, and an exit status: never a traceback."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from services.command import _ports
from services.embedded import NOBODY, start
from services.launcher import HOST, Stopped, interruptible
from services.local_issuer import LocalIssuer
from tests.conftest import Database
from tests.journeys.conftest import await_running, command, eventually, free_port, start_up, stop

AS_MAPPED = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
PRIVILEGED = 80
REPOSITORY = Path(__file__).parents[2]


def told(*words: str, **settings: str) -> str:
    """What a command that ends with status 1 says."""
    return ended(1, *words, **settings)


def ended(status: int, *words: str, **settings: str) -> str:
    """What a command says that ends so."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")} | settings
    done = subprocess.run(
        command(*words), capture_output=True, text=True, timeout=60, check=False, env=environment, cwd=REPOSITORY
    )
    said = done.stdout + done.stderr
    assert done.returncode == status, said
    assert "Traceback" not in said
    return said


def test_ports_differ_but_for_0(tmp_path: Path) -> None:
    assert _ports("0,9001,0") == [0, 9001, 0]
    done = subprocess.run(
        command("up", "--data-dir", str(tmp_path / "new"), "--ports", "9001,9001,9003"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "differ" in done.stderr
    assert not (tmp_path / "new").exists()


def test_a_port_that_one_may_not_use_is_not_called_taken() -> None:
    prefix = AS_MAPPED if os.geteuid() == 0 else ()
    probe = f"import socket; socket.socket().bind(('{HOST}', {PRIVILEGED}))"
    tried = subprocess.run([*prefix, sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    if "PermissionError" not in tried.stderr:
        pytest.skip("every user may use every port here")
    code = f"from services.launcher import _need_free; _need_free('intake', {PRIVILEGED})"
    done = subprocess.run([*prefix, sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"Port {PRIVILEGED} (intake) is not permitted" in done.stderr
    assert "is taken" not in done.stderr


COMMANDS = (
    ["up", "--ports", "0,0,0"],
    ["migrate"],
    ["token", "--role", "leader", "--agency", "44"],
    ["import", "README.csv"],
    ["report", "resolution"],
    ["overdue"],
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_data_directory_that_is_none(tmp_path: Path, words: list[str]) -> None:
    a_file = tmp_path / "file"
    a_file.touch()
    upload = tmp_path / "README.csv"
    upload.touch()
    said = told(*(str(upload) if word == "README.csv" else word for word in words), "--data-dir", str(a_file))
    assert f"The data directory {a_file} cannot be used" in said
    assert "--data-dir" in said.splitlines()[0]


def answered(*words: str, at: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    """What a command answers that was called wrongly."""
    done = subprocess.run(
        command(*words), capture_output=True, text=True, timeout=60, check=False, cwd=at, env=dict(os.environ)
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("words", COMMANDS[:3], ids=lambda words: words[0])
def test_a_data_directory_that_nobody_can_make(words: list[str]) -> None:
    """There /proc refuses whoever asks, root included, and calls it "no such file"."""
    assert "--data-dir" in told(*words, "--data-dir", "/proc/nowhere").splitlines()[0]


def test_a_token_is_issued_by_no_directory_that_was_misspelt(tmp_path: Path) -> None:
    words = ("token", "--role", "leader", "--agency", "44", "--data-dir")
    assert f"no data directory {tmp_path / 'typo'}" in told(*words, str(tmp_path / "typo"))
    assert not (tmp_path / "typo").exists()
    first, second = (answered(*words, str(tmp_path)) for _ in range(2))
    assert first.stdout.count(".") == second.stdout.count(".") == 2, "a token alone, to be taken into a variable"
    assert "new ones were made" in first.stderr.replace("\n", " ")
    assert second.stderr == ""


def test_an_empty_data_directory_is_not_the_current_one(tmp_path: Path) -> None:
    answer = answered("up", "--data-dir", "", "--ports", "0,0,0", at=tmp_path)
    assert answer.returncode == 2
    assert "must not be empty" in answer.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["up", "--ports", "99999,9002,9003"], "three ports from 0 to 65535"),
        (["report", "resolution", "--format", "ods"], "table, json, csv, xlsx, docx, pdf"),
        (["report", "official", "ii-06b"], "ii-06a, annex, late-list"),
        (["report", "official", "annex", "--format", "table"], "csv, json, xlsx, docx, pdf"),
        (["report", "official", "annex", "--form", "07a-btp", "--receiver", "Bộ"], "--form, --receiver: chỉ dùng cho"),
        (["overdue", "--format", "xlsx"], "table, json, csv, ndjson"),
        (["serve", "kitchen"], "intake, routing, stats, worker"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_wrong_word_is_answered_with_the_right_ones(tmp_path: Path, words: list[str], hint: str) -> None:
    answer = answered(*words, *(() if words[0] == "serve" else ("--data-dir", str(tmp_path))))
    assert answer.returncode == 2
    assert hint in " ".join(answer.stderr.replace("│", " ").split())


def test_a_service_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    addresses = {f"MOTCUA_{room}_URL": f"http://{HOST}:{free_port()}" for room in ("INTAKE", "ROUTING", "STATS")}
    vietnamese, english = told("report", "resolution", "--data-dir", str(tmp_path), **addresses).splitlines()
    for line in (vietnamese, english):
        assert f"{addresses['MOTCUA_STATS_URL']}/v1/reports/resolution" in line


def test_no_key_is_made_for_services_that_run_elsewhere(tmp_path: Path) -> None:
    addresses = {f"MOTCUA_{room}_URL": f"http://{HOST}:{free_port()}" for room in ("INTAKE", "ROUTING", "STATS")}
    said = told("report", "resolution", "--data-dir", str(tmp_path / "misspelt"), **addresses)
    assert said.count("MOTCUA_TOKEN") == 2, "in Vietnamese and in English"
    assert not (tmp_path / "misspelt").exists()


def test_settings_that_do_not_suffice_are_named_each_with_what_it_needs() -> None:
    said = told("serve", "intake", MOTCUA_CURSOR_KEY="guess", MOTCUA_POOL_SIZE="many").splitlines()
    assert said[0].startswith("Thiết lập còn thiếu hoặc sai")
    assert "MOTCUA_DATABASE_URL: phải đặt · must be set" in said
    assert "MOTCUA_CURSOR_KEY: cần ít nhất 16 ký tự · at least 16 characters are needed" in said
    assert "MOTCUA_POOL_SIZE: phải là số nguyên · must be a whole number" in said
    assert "guess" not in "".join(said)
    enough = dict.fromkeys(("MOTCUA_CURSOR_KEY", "MOTCUA_TRACKING_KEY", "MOTCUA_SERVICE_TOKEN"), "k" * 16)
    (_, keys) = told("serve", "intake", MOTCUA_DATABASE_URL="postgresql://db/motcua", **enough).splitlines()
    assert keys.startswith("MOTCUA_JWKS_FILE / MOTCUA_JWKS_URL: phải đặt một trong hai")


def test_a_service_that_would_believe_the_local_issuer_starts_only_where_it_is_embedded(tmp_path: Path) -> None:
    enough = dict.fromkeys(("MOTCUA_CURSOR_KEY", "MOTCUA_TRACKING_KEY", "MOTCUA_SERVICE_TOKEN"), "k" * 16)
    keys = {"MOTCUA_JWKS_FILE": str(LocalIssuer(tmp_path).jwks_file), **enough}
    for room in ("intake", "worker"):
        (_, line) = told("serve", room, MOTCUA_DATABASE_URL="postgresql://db/motcua", **keys).splitlines()
        assert line.startswith("MOTCUA_ISSUER: motcua-local chỉ dùng ở chế độ nhúng")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_data_directory_that_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "cannot be used" in told("up", "--data-dir", str(tmp_path))
    assert "cannot be used" in told("up", "--data-dir", str(tmp_path / "below"))


@pytest.mark.parametrize("words", [["migrate"], ["up", "--replay", "none", "--ports", "0,0,0"]], ids=["migrate", "up"])
@pytest.mark.parametrize("fault", ["no database", "no server", "password", "no address"])
def test_a_database_of_ones_own_that_cannot_be_used(
    server_url: str, tmp_path: Path, words: list[str], fault: str
) -> None:
    url, hint = {
        "no database": (make_url(server_url).set(database="not_there"), "createdb not_there"),
        "no server": (make_url(server_url).set(port=free_port()), "Start it, or correct the address"),
        "password": (make_url(server_url).set(password="guess"), "Correct user and password"),
        "no address": (make_url("mysql://motcua:secret@db/motcua"), "postgresql://user:password@host"),
    }[fault]
    address = url.render_as_string(hide_password=False)
    said = told(*words, "--data-dir", str(tmp_path), MOTCUA_DATABASE_URL=address)
    assert hint in said
    assert "ready" not in said
    assert len(said.splitlines()) == 2, "once in Vietnamese, once in English"
    assert str(url.password) not in said


async def test_an_owner_who_may_too_little(empty_database: Database, tmp_path: Path) -> None:
    owner = await asyncpg.connect(empty_database.owner_url)
    name = make_url(empty_database.owner_url).database
    await owner.execute("CREATE ROLE motley LOGIN PASSWORD 'motley'")
    try:
        url = make_url(empty_database.owner_url).set(username="motley", password="motley")
        address = url.render_as_string(hide_password=False)
        said = told("migrate", "--data-dir", str(tmp_path), MOTCUA_DATABASE_URL=address)
        assert "must be allowed to create roles" in said
        assert str(name) in address
    finally:
        await owner.execute("DROP ROLE motley")
        await owner.close()


async def test_an_owner_who_may_not_make_the_role_of_imports(tmp_path: Path) -> None:
    """Of a server of its own: roles belong to all its databases. What is told to do, done, is enough."""
    with start(tmp_path) as server:
        superuser = await asyncpg.connect(server.url)
        await superuser.execute("CREATE ROLE motley LOGIN CREATEROLE PASSWORD 'motley'")
        await superuser.execute("CREATE DATABASE theirs OWNER motley")
        url = make_url(server.url).set(username="motley", password="motley", database="theirs")
        address = url.render_as_string(hide_password=False)
        said = told("migrate", "--data-dir", str(tmp_path), MOTCUA_DATABASE_URL=address)
        remedy = 'CREATE ROLE motcua_import NOLOGIN BYPASSRLS; GRANT motcua_import TO "motley" WITH ADMIN OPTION;'
        assert [line.endswith(remedy) for line in said.splitlines()] == [True, True], said
        await superuser.execute(remedy)
        ended(0, "migrate", "--data-dir", str(tmp_path), MOTCUA_DATABASE_URL=address)
        await superuser.close()


@pytest.mark.parametrize("words", [["report", "resolution"], ["overdue"]], ids=lambda words: words[0])
def test_the_note_of_a_killed_launcher_is_not_believed(tmp_path: Path, words: list[str]) -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    for pid in (gone.pid, os.getpid()):  # also where the number is another process's by now
        address = f"http://{HOST}:{free_port()}"
        note = {"intake": address, "routing": address, "stats": address, "pid": pid}
        (tmp_path / "running.json").write_text(json.dumps(note))
        assert f"Nothing runs in {tmp_path}" in told(*words, "--data-dir", str(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_once_that_was_stopped_says_so_by_its_status(tmp_path: Path, number: signal.Signals) -> None:
    process = start_up(tmp_path, "--once")
    eventually(lambda: (tmp_path / "postgres").exists(), seconds=60)
    process.send_signal(number)
    printed = process.communicate(timeout=60)[0]
    assert process.returncode == 128 + number, printed
    assert "Traceback" not in printed


def test_an_interrupt_stops_what_a_shell_started_in_the_background(tmp_path: Path) -> None:
    """A shell without job control has what it starts with & ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # inherited by what is started
    try:
        process = start_up(tmp_path, "--replay", "none")
    finally:
        signal.signal(signal.SIGINT, before)
    stop(await_running(process, tmp_path))


def test_signals_are_handled_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped) as stopped, interruptible():
        os.kill(os.getpid(), signal.SIGTERM)
    assert stopped.value.number == signal.SIGTERM
    assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))


def test_a_taken_port_is_called_so(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        said = told("up", "--replay", "none", "--data-dir", str(tmp_path), "--ports", f"{port},0,0")
    assert f"Port {port} (intake) is taken" in said
