"""A client for Python, made of the contracts: all of it can be imported, and leads through the services."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from services.serve import ROOMS
from tests.clients import made
from tests.clients.tools import PYTHON, PYTHON_TOOLS, needs_python_tools
from tests.contracts.documents import operations
from tests.journeys.conftest import Running
from tests.support import WARD

pytestmark = needs_python_tools
_IMPORT_ALL = """
import importlib, json, pkgutil, sys
names = [f"motcua_{room}" for room in sys.argv[1:]]
modules = [importlib.import_module(name) for name in names]
found = [m.name for each in modules for m in pkgutil.walk_packages(each.__path__, each.__name__ + ".")]
print(json.dumps([name for name in found if hasattr(importlib.import_module(name), "sync_detailed")]))
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.python(tmp_path_factory.mktemp("python"))


def run(packages: Path, *words: str | Path, **more: str) -> str:
    """Something in Python that sees these packages, and nothing of ours."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(packages), "LANG": "C.UTF-8", **more}
    done = subprocess.run(
        [PYTHON_TOOLS / "python", *words], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_is_a_function_for_every_operation(packages: Path) -> None:
    functions = json.loads(run(packages, "-c", _IMPORT_ALL, *ROOMS))
    assert len(functions) == sum(len(operations(room)) for room in ROOMS)


def test_a_journey_by_these_clients(packages: Path, running: Running, told: dict[str, str]) -> None:
    """Received once, explained, finished upon the version that was read, counted."""
    came = json.loads(run(packages, PYTHON / "journey.py", **told).splitlines()[-1])
    assert (came["counted"] >= 1, came["resolved"] >= 1, came["rate"]) == (True, True, "100.00")
    with running.client("intake", "counter", WARD) as counter:
        assert counter.get(f"/v1/dossiers/{came['code']}").json()["status"] == "finished"
