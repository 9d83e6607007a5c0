"""`motcua verify` and `rebuild-counts` on an embedded installation: while it serves, and when it does not."""

import subprocess
from pathlib import Path

from tests.journeys.conftest import await_running, command, start_up, stop
from tests.support import WARD, a_draft


def motcua(data_dir: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(command(*words, "--data-dir", str(data_dir)), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_it_is_verified_while_it_serves_and_when_it_does_not(tmp_path: Path) -> None:
    running = await_running(start_up(tmp_path, "--replay", "none"), tmp_path)
    with running.client("intake", "counter", WARD) as intake:
        for _ in range(20):
            assert intake.post("/v1/dossiers", json=a_draft()).status_code == 201
    for words in (("verify",), ("rebuild-counts",), ("verify", "--format", "json")):
        status, printed = motcua(tmp_path, *words)
        assert status == 0, printed
    assert '"dossiers":20' in printed
    stop(running)
    status, printed = motcua(tmp_path, "verify", "--format", "json")
    assert (status, '"dossiers":20' in printed) == (0, True), printed


def test_where_there_is_no_database_none_is_made(tmp_path: Path) -> None:
    status, printed = motcua(tmp_path, "verify")
    assert status == 2
    assert "MOTCUA_DATABASE_URL" in printed
    assert not (tmp_path / "postgres").exists()
