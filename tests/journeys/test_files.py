"""Files of dossiers as an installation takes them: the largest there may be in bounded memory, uploads that break off,
and what is left of it all once a person was erased."""

import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from bench.processes import peak_megabytes
from tests.intake.bodies import a_pdf
from tests.intake.storing import contents_in, real_s3, settings_of_s3
from tests.journeys.conftest import Running, await_running, command, eventually, start_up, stop
from tests.support import WARD, a_draft

LARGEST = 25 << 20
AT_ONCE = 4
#: Measured: see the assertion. Held whole, four of the largest would be 100 MiB, and a copy of each as much again.
MOST_MB = 60
PERSON = {"kind": "person", "name": "Phạm Thị Xoá", "id_number": "045190765432"}


@pytest.fixture(scope="module", params=["directory", "s3"])
def installed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Running, Path]]:
    """A running installation, and where the contents of its files lie."""
    data_dir, kept = tmp_path_factory.mktemp("installation"), tmp_path_factory.mktemp("kept")
    if request.param == "directory":
        running = await_running(start_up(data_dir, "--replay", "none"), data_dir)
        yield running, data_dir / "files"
        stop(running)
        return
    with real_s3(kept) as address:
        settings = {f"MOTCUA_{name.upper()}": value for name, value in settings_of_s3(address).items()}
        running = await_running(start_up(data_dir, "--replay", "none", **settings), data_dir)
        running.environment.update(settings)
        yield running, kept
        stop(running)


@pytest.fixture
def counter(installed: tuple[Running, Path]) -> Iterator[httpx.Client]:
    with installed[0].client("intake", "counter", WARD) as client:
        yield client


def received(counter: httpx.Client) -> str:
    answer = counter.post("/v1/dossiers", json={**a_draft(), "applicant": PERSON})
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["code"]
    return code


def send(counter: httpx.Client, code: str, content: bytes, name: str = "a.pdf") -> dict[str, Any]:
    headers = {"Content-Type": "application/pdf"}
    answer = counter.post(f"/v1/dossiers/{code}/files", params={"name": name}, content=content, headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_the_largest_go_in_and_out_in_bounded_memory(installed: tuple[Running, Path], counter: httpx.Client) -> None:
    running, kept = installed
    code = received(counter)
    counter.get(send(counter, code, a_pdf())["content"])
    before = peak_megabytes(running.pid_of("intake"))
    contents = [a_pdf(LARGEST, seed=number) for number in range(1, AT_ONCE + 1)]
    assert {len(content) for content in contents} == {LARGEST}
    with ThreadPoolExecutor(AT_ONCE) as senders:
        made = list(senders.map(lambda content: send(counter, code, content), contents))
        up = peak_megabytes(running.pid_of("intake"))
        read = list(senders.map(lambda each: counter.get(each["content"]).content, made))
    assert read == contents
    assert {each["sha256"] for each in made} <= contents_in(kept)
    down = peak_megabytes(running.pid_of("intake"))
    told = f"{before:.0f} MB before, {up:.0f} once {AT_ONCE} were sent at once, {down:.0f} once they were read at once"
    print(told)
    assert down - before < MOST_MB, told
    too_large = counter.post(f"/v1/dossiers/{code}/files", params={"name": "a"}, content=a_pdf(LARGEST + 1))
    assert too_large.status_code == 413


def test_an_upload_that_breaks_off_leaves_nothing(installed: tuple[Running, Path], counter: httpx.Client) -> None:
    running, kept = installed
    code, before = received(counter), contents_in(kept)
    descriptors = Path(f"/proc/{running.pid_of('intake')}/fd")

    def being_received() -> int:
        """Files without a name that the service has open."""
        return sum(1 for one in descriptors.iterdir() if one.is_symlink() and "(deleted)" in str(one.readlink()))

    at_rest = being_received()
    place = urlsplit(running.addresses.intake)
    head = (
        f"POST /v1/dossiers/{code}/files?name=a.pdf HTTP/1.1\r\nHost: {place.netloc}\r\n"
        f"Authorization: {counter.headers['Authorization']}\r\nContent-Type: application/pdf\r\n"
        f"Content-Length: {LARGEST}\r\n\r\n"
    )
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as wire:
        wire.sendall(head.encode() + a_pdf(LARGEST)[: 3 << 20])
        eventually(lambda: being_received() == at_rest + 1)
    eventually(lambda: being_received() == at_rest)
    assert contents_in(kept) == before
    assert counter.get(f"/v1/dossiers/{code}/files").json() == {"items": []}


def test_erasing_a_person_takes_contents_too(
    installed: tuple[Running, Path], counter: httpx.Client, tmp_path: Path
) -> None:
    running, kept = installed
    code = received(counter)
    made = send(counter, code, a_pdf(seed=99), "CCCD Phạm Thị Xoá.pdf")
    for verb, body in (("finish", {"outcome": "granted"}), ("return", {})):
        assert counter.post(f"/v1/dossiers/{code}/{verb}", json=body).status_code == 200
    why = ("--decision", "13/QĐ-UBND", "--reason", "Theo yêu cầu", "--dossier", code)
    where = ("--data-dir", str(running.installation.data_dir))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        inherited = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **running.environment}
        return subprocess.run(command(*words), capture_output=True, text=True, env=inherited, timeout=60)

    out = tmp_path / "out.json"
    assert run("export-person", *why, "--output", str(out), *where).returncode == 0
    assert made["sha256"] in out.read_text()
    if running.environment:
        wrong = {**running.environment, "MOTCUA_FILES_ENDPOINT": "http://127.0.0.1:9"}
        right, running.environment = running.environment, wrong
        failed = run("erase-person", "--yes", *why, *where)
        running.environment = right
        assert failed.returncode == 1
        assert code in failed.stderr + failed.stdout
        assert made["sha256"] in contents_in(kept)
    done = run("erase-person", "--yes", *why, *where)
    assert done.returncode == 0, done.stderr + done.stdout
    assert made["sha256"] not in contents_in(kept)
    (listed,) = counter.get(f"/v1/dossiers/{code}/files").json()["items"]
    assert (listed["name"], listed["content"]) == ("(đã xóa)", None)
