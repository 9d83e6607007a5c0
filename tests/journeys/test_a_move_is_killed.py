"""kill -9 in the middle of a move, of the command and of intake: the same command again finishes it, each dossier is
there once and whole, and the report says what is so."""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from services.embedded import running_url
from tests.journeys.conftest import Running, await_running, command, eventually, start_up, stop

GOOD = 16_000
HEAD = "Mã;Thủ tục;Đơn vị;Kênh;Tên;Nhận;Hẹn;Xong;Trạng thái\n"
MAPPING = """
system = "motcuadientu"
[columns]
legacy_code = "Mã"
procedure = "Thủ tục"
agency = "Đơn vị"
channel = "Kênh"
"applicant.name" = "Tên"
accepted_at = "Nhận"
due_at = "Hẹn"
finished_at = "Xong"
status = "Trạng thái"
[fixed]
"applicant.kind" = "person"
[agencies]
"Phường 1" = "19333"
"Xã không còn" = "99999"
[procedures]
"Khai sinh" = "1.001193"
[channels]
"Quầy" = "counter"
[statuses]
"Xong" = "granted"
"Đang" = "open"
"""
#: Line by line what stands between the good ones: a date that is none, an agency that nobody knows, a code again.
ODD = {
    5_000: "X-1;Khai sinh;Phường 1;Quầy;Đào;hôm qua;;;Đang\n",
    10_000: "X-2;Khai sinh;Xã không còn;Quầy;Đào;04/03/2019 08:10;;;Đang\n",
    13_000: "HT-7;Khai sinh;Phường 1;Quầy;Một tên khác;04/03/2019 08:10;;;Đang\n",
}


def good(number: int) -> str:
    month = number % 6 + 1
    day = f"04/{month:02}/2019"
    ended = f"{day} 10:00;Xong" if number % 3 else ";Đang"
    return f"HT-{number};Khai sinh;Phường 1;Quầy;Nguyễn Thị Đào {number};{day} 08:10;{day} 17:00;{ended}\n"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    data_dir = tmp_path / "installation"
    made = await_running(start_up(data_dir, "--replay", "none"), data_dir)
    yield made
    stop(made)


@pytest.fixture
def words(running: Running, tmp_path: Path) -> tuple[str, ...]:
    """Of the command that moves, without its name."""
    export, mapping = tmp_path / "cu.csv", tmp_path / "anh-xa.toml"
    with export.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        for number in range(GOOD):
            file.write(ODD.get(number, "") + good(number))
    mapping.write_text(MAPPING, encoding="utf-8")
    place = ("--data-dir", str(running.installation.data_dir))
    return str(export), "--mapping", str(mapping), *place


def begun(words: tuple[str, ...]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command("import", *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "LC_ALL": "en_US.UTF-8", "COLUMNS": "160"},
    )


def runs(running: Running) -> list[dict[str, Any]]:
    with running.client("intake", "admin", "44") as client:
        items: list[dict[str, Any]] = client.get("/v1/imports").json()["items"]
    return items


def await_middle(running: Running, before: int) -> None:
    """Until an import that was not there before has landed some of it."""

    def landing() -> bool:
        found = runs(running)
        return len(found) > before and found[0]["created"] > 0

    eventually(landing, seconds=90)


def finished(words: tuple[str, ...]) -> tuple[int, str]:
    process = begun(words)
    printed: str = process.communicate(timeout=180)[0]
    assert "Traceback" not in printed, printed
    return process.returncode, printed


def need_all_there_once(running: Running, words: tuple[str, ...], tmp_path: Path) -> None:
    """Each dossier once and whole, the rejected lines told, both sides equal, and every chain and count as it was."""
    url = running_url(running.installation.data_dir)
    assert url is not None
    assert asyncio.run(_kept(url)) == {
        "dossiers": GOOD,
        "codes": GOOD,
        "legacy codes": GOOD,
        "without an applicant": 0,
        "without an identity": 0,
        "with other events than it says": 0,
        "events of none": 0,
    }
    told = [json.loads(line) for line in (tmp_path / "cu.csv.rejects.ndjson").read_text().splitlines()]
    assert [(one["line"], one["reasons"][0]["code"]) for one in told if "reasons" in one] == [
        (10_003, "unknown_agency")
    ]
    assert [(one["lines"], one["code"]) for one in told if "count" in one] == [
        ([5_002], "not_a_date"),
        ([13_004], "repeated"),
    ]
    assert not list(tmp_path.glob("*.part"))
    # What intake rejected is missing here, and told as that; by a mapping without it both sides are equal.
    without = tmp_path / "khong-xa.toml"
    without.write_text(MAPPING.replace('"Xã không còn" = "99999"\n', ""), encoding="utf-8")
    export, option, _, *place = words
    for more, status in (
        (("move", "compare", *words), 3),
        (("move", "compare", export, option, str(without), *place), 0),
        (("verify", *place), 0),
    ):
        done = subprocess.run(command(*more), capture_output=True, text=True, timeout=180, check=False)
        printed = done.stdout + done.stderr
        assert (done.returncode, "Traceback" in printed) == (status, False), printed
        assert ("99999" in printed) is (status == 3)


async def _kept(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        asked = {
            "dossiers": "SELECT count(*) FROM dossier",
            "codes": "SELECT count(DISTINCT code) FROM dossier",
            "legacy codes": "SELECT count(DISTINCT legacy_code) FROM dossier",
            "without an applicant": "SELECT count(*) FROM dossier d WHERE NOT EXISTS"
            " (SELECT FROM applicant a WHERE a.dossier_id = d.id)",
            "without an identity": "SELECT (SELECT count(*) FROM dossier) - count(*) FROM import_identity",
            "with other events than it says": "SELECT count(*) FROM dossier d WHERE event_seq <>"
            " (SELECT count(*) FROM dossier_event e WHERE e.dossier_id = d.id)",
            "events of none": "SELECT count(*) FROM dossier_event e WHERE NOT EXISTS"
            " (SELECT FROM dossier d WHERE d.id = e.dossier_id)",
        }
        return {name: await connection.fetchval(query) for name, query in asked.items()}
    finally:
        await connection.close()


def test_the_command_is_killed_again_and_again(running: Running, words: tuple[str, ...], tmp_path: Path) -> None:
    for kill in range(2):
        process = begun(words)
        await_middle(running, kill)
        process.kill()
        process.communicate()
        eventually(lambda: runs(running)[0]["state"] == "interrupted")
    broken = runs(running)
    assert 0 < sum(one["created"] for one in broken) < GOOD, "killed in the middle"
    status, printed = finished(words)
    assert status == 3, printed
    last, landed = runs(running)[0], sum(one["created"] for one in broken)
    assert (last["state"], last["created"], last["rejected"]) == ("done", GOOD - landed, 1)
    assert last["unchanged"] == landed
    status, printed = finished(words)
    assert (status, runs(running)[0]["created"]) == (3, 0), printed
    need_all_there_once(running, words, tmp_path)


@pytest.mark.parametrize("victim", ["intake", "database"])
def test_what_it_speaks_to_is_killed(running: Running, words: tuple[str, ...], tmp_path: Path, victim: str) -> None:
    process = begun(words)
    await_middle(running, 0)
    running.kill(victim)
    printed = process.communicate(timeout=60)[0]
    assert (process.returncode, "Traceback" in printed) == (1, False), printed
    assert "run the same command again" in printed
    assert not (tmp_path / "cu.csv.rejects.ndjson").exists(), "nothing is told of what was not read to its end"
    eventually(lambda: _is_back(running), seconds=60)
    broken = runs(running)[0]
    assert broken["state"] == "interrupted"
    assert 0 < broken["created"] < GOOD
    status, printed = finished(words)
    assert (status, runs(running)[0]["created"]) == (3, GOOD - broken["created"]), printed
    need_all_there_once(running, words, tmp_path)


def test_the_command_is_killed_while_dossiers_go_on(running: Running, tmp_path: Path) -> None:
    """Both systems run: what was open has ended there since. Each end is written once, however often it is begun."""
    count = 12_000
    export, mapping = tmp_path / "cu.csv", tmp_path / "anh-xa.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    words = (str(export), "--mapping", str(mapping), "--data-dir", str(running.installation.data_dir))
    lines = [good(number * 3) for number in range(count)]
    export.write_text(HEAD + "".join(lines), encoding="utf-8")
    assert finished(words)[0] == 0
    day = "04/07/2019 10:00"
    export.write_text(HEAD + "".join(lines).replace(";;Đang", f";{day};Xong"), encoding="utf-8")
    process = begun(words)

    def going_on() -> bool:
        found = runs(running)
        return len(found) == 2 and found[0]["updated"] > 0

    eventually(going_on, seconds=90)
    process.kill()
    process.communicate()
    eventually(lambda: runs(running)[0]["state"] == "interrupted")
    broken = runs(running)[0]["updated"]
    assert 0 < broken < count, "killed in the middle"
    status, printed = finished(words)
    last = runs(running)[0]
    assert (status, last["updated"], last["unchanged"], last["rejected"]) == (0, count - broken, broken, 0), printed
    done = subprocess.run(command("move", "compare", *words), capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    verified = subprocess.run(command("verify", *words[-2:]), capture_output=True, text=True, timeout=180, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def _is_back(running: Running) -> bool:
    with running.client("intake", "admin", "44") as client:
        try:
            return client.get("/readyz").status_code == 200
        except httpx.HTTPError:
            return False
