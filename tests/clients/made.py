"""What a frontend makes of the contracts: `make clients` makes it in build/clients, the tests in a folder of theirs."""

import os
import shutil
import subprocess
from pathlib import Path

from services.contracts import path_of
from services.serve import ROOMS
from tests.clients.tools import NODE, PYTHON, PYTHON_TOOLS, ROOT, node

BUILD = ROOT / "build" / "clients"


def typescript(folder: Path) -> Path:
    """Types of each service (intake.ts …), and the journey that is written in them."""
    folder.mkdir(parents=True, exist_ok=True)
    for room in ROOMS:
        # A field with a default may be left out of a request: without this it would have to be sent.
        _done(node("openapi-typescript", path_of(room), "-o", folder / f"{room}.ts", "--default-non-nullable=false"))
    for name in ("package.json", "tsconfig.json", "journey.ts"):
        shutil.copyfile(NODE / name, folder / name)
    modules = folder / "node_modules"
    modules.unlink(missing_ok=True)
    modules.symlink_to(NODE / "node_modules")
    return folder


def compiled(folder: Path) -> Path:
    """The types and the journey through the compiler, as strict as it can be: where the JavaScript lies."""
    _done(node("tsc", "-p", folder))
    return folder / "made"


def python(folder: Path) -> Path:
    """A package for each service (motcua_intake …). What a generator had to leave out is a failure."""
    folder.mkdir(parents=True, exist_ok=True)
    for room in ROOMS:
        command: list[str | Path] = [
            *(PYTHON_TOOLS / "openapi-python-client", "generate", "--path", path_of(room), "--meta", "none"),
            *("--output-path", folder / f"motcua_{room}", "--overwrite", "--fail-on-warning"),
            *("--config", PYTHON / "config.yml"),
        ]
        # It calls ruff by its name.
        environment = {**os.environ, "PATH": f"{PYTHON_TOOLS}{os.pathsep}{os.environ['PATH']}"}
        _done(subprocess.run(command, env=environment, capture_output=True, text=True, check=False))
    return folder


def _done(process: subprocess.CompletedProcess[str]) -> None:
    if process.returncode:
        raise AssertionError(f"{process.args}: {process.stdout}{process.stderr}")


if __name__ == "__main__":
    shutil.rmtree(BUILD, ignore_errors=True)
    print(typescript(BUILD / "typescript"), python(BUILD / "python"), sep="\n")
