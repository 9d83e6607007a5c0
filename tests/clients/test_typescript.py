"""Types for TypeScript, made of the contracts: they compile, hold what they should, and lead through the services."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.clients import made
from tests.clients.tools import needs_node, node
from tests.journeys.conftest import Running
from tests.support import WARD

pytestmark = needs_node


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.typescript(tmp_path_factory.mktemp("typescript"))


def test_a_journey_in_these_types(types: Path, running: Running, told: dict[str, str]) -> None:
    """Received once, explained, finished upon the version that was read, counted."""
    script = made.compiled(types) / "journey.js"
    done = subprocess.run(
        ["node", script], env={**os.environ, **told}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    came = json.loads(done.stdout.splitlines()[-1])
    assert (came["counted"] >= 1, came["resolved"] >= 1, came["rate"]) == (True, True, "100.00")
    with running.client("intake", "counter", WARD) as counter:
        assert counter.get(f"/v1/dossiers/{came['code']}").json()["status"] == "finished"


#: What somebody writes by mistake, and what the compiler says of it.
MISTAKES = {
    'draft.channel = "fax";': "Type '\"fax\"' is not assignable",
    "draft.applicants = null;": "Property 'applicants' does not exist",
    'held(await counter.GET("/v1/dossier", {}));': "Argument of type '\"/v1/dossier\"' is not assignable",
    "export const late: number = report.total.late_rate;": "not assignable to type 'number'",
}


def test_a_mistake_does_not_compile(types: Path, tmp_path: Path) -> None:
    for file in types.iterdir():
        (tmp_path / file.name).symlink_to(file)
    right = (types / "journey.ts").read_text(encoding="utf-8").splitlines()
    (tmp_path / "journey.ts").unlink()
    (tmp_path / "journey.ts").write_text("\n".join([*right, *MISTAKES]), encoding="utf-8")
    complaints = node("tsc", "--noEmit", "-p", tmp_path).stdout
    for line, (mistake, complaint) in enumerate(MISTAKES.items(), len(right) + 1):
        of_it = [each for each in complaints.splitlines() if f"journey.ts({line}," in each]
        assert any(complaint in each for each in of_it), f"{mistake} {complaints}"
    assert len([each for each in complaints.splitlines() if "error TS" in each]) == len(MISTAKES)
