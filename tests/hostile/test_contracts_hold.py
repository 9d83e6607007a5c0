"""The services as they run, asked by their contracts: what these allow, what they forbid, and on from what was made
(the contracts' links). No answer is our error, has a status or a type that is not documented, or breaks its schema.

As much as MOTCUA_FUZZ_EXAMPLES says, of an operation and a way to ask: `make fuzz` asks for more than a test run does.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.serve import ROOMS
from shared.web.auth import RIGHTS, Role
from shared.web.clock import now
from tests.contracts.documents import operations
from tests.intake.importing import NDJSON, a_record, ndjson
from tests.journeys.conftest import Running, await_running, start_up, stop
from tests.support import PROVINCE

ROOT = Path(__file__).parents[2]
TOOL = ROOT / ".venv" / "fuzz" / "bin" / "schemathesis"
EXAMPLES = os.environ.get("MOTCUA_FUZZ_EXAMPLES", "2")
SEED = os.environ.get("MOTCUA_FUZZ_SEED", "1")
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_headers_conformance", "response_schema_conformance"),
)
#: The dossier that the contracts' examples are about.
NAMED = "19333-261123-0001"
#: An import is a stream of lines, which the tool cannot write: test_import_readers.py sends those.
LEFT_OUT = "importDossiers"

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="schemathesis is missing: run `make fuzz-tools`")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An installation without limits of calls, in which there is the dossier of the examples."""
    data_dir = tmp_path_factory.mktemp("installation")
    unlimited = ("MOTCUA_CALLS_PER_MINUTE", "MOTCUA_ADDRESS_CALLS_PER_MINUTE", "MOTCUA_NUMBERS_SOUGHT_PER_HOUR")
    process = start_up(data_dir, "--replay", "none", **dict.fromkeys(unlimited, "0"), MOTCUA_PUBLIC_PER_MINUTE="100000")
    running = await_running(process, data_dir)
    record = a_record(code=NAMED, accepted_at="2026-11-23T08:10:00+07:00", submitted_at=None)
    record = {name: value for name, value in record.items() if name not in ("finished_at", "returned_at", "outcome")}
    with running.client("intake", "admin", PROVINCE) as admin:
        answer = admin.post("/v1/imports", content=ndjson([record]), headers={"Content-Type": NDJSON})
        assert answer.json()["created"] == 1, answer.text
    yield running
    stop(running)


def callers(asked: Running, room: str) -> Iterator[str]:
    """Who asks for what, as the tool is told: the province's admin, or whoever has the right where the admin has
    none."""
    issue = asked.installation.issuer.token
    tokens = {role: issue(role=role, agency=PROVINCE, now=now()) for role in Role}
    for operation in operations(room):
        name = operation.told["operationId"]
        roles = RIGHTS[name].roles
        if roles and name != LEFT_OUT:
            role = next(role for role in (Role.ADMIN, Role.LEADER, Role.MACHINE) if role in roles)
            yield f'[[operations]]\ninclude-operation-id = "{name}"\n'
            yield f'headers = {{ Authorization = "Bearer {tokens[role]}" }}\n'


@pytest.fixture(scope="module")
def asking(asked: Running) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """One who asks for each room, all at once: two processors are kept busy."""
    processes = {}
    for room in ROOMS:
        address = getattr(asked.addresses, room)
        config = asked.installation.data_dir / f"{room}.toml"
        config.write_text("".join(callers(asked, room)), encoding="utf-8")
        processes[room] = subprocess.Popen(
            [
                *(TOOL, "--config-file", config, "run", f"{address}/openapi.json", "--url", address),
                *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing,stateful", "--mode", "all"),
                *("--max-examples", EXAMPLES, "--seed", SEED, "--exclude-operation-id", LEFT_OUT),
                *("--no-color", "--warnings", "off", "--continue-on-failure"),
            ],
            cwd=asked.installation.data_dir,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    yield processes
    for process in processes.values():
        process.kill()
        process.wait()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_keeps_its_contract(asking: dict[str, subprocess.Popen[str]], room: str) -> None:
    said = asking[room].communicate()[0]
    assert asking[room].returncode == 0, said[-20_000:]
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in said, f"{phase} was left out: {said[-3_000:]}"
