"""What a frontend makes of the contracts: `make clients` makes it in build/clients, the tests in a folder of theirs."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from services.contracts import path_of
from services.serve import ROOMS
from tests.clients.tools import NODE, PYTHON_TOOLS, ROOT, node

BUILD = ROOT / "build" / "clients"
_BYTES = "application/octet-stream"
_KNOWN = {"application/json", "application/problem+json"}


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
    options = folder / "options.json"
    options.write_text(
        json.dumps({"content_type_overrides": dict.fromkeys(_files(), _BYTES), "post_hooks": []}, indent=2)
    )
    for room in ROOMS:
        command: list[str | Path] = [
            *(PYTHON_TOOLS / "openapi-python-client", "generate", "--path", path_of(room), "--meta", "none"),
            *("--output-path", folder / f"motcua_{room}", "--overwrite", "--fail-on-warning"),
            *("--config", options),
        ]
        # It calls ruff by its name.
        environment = {**os.environ, "PATH": f"{PYTHON_TOOLS}{os.pathsep}{os.environ['PATH']}"}
        _done(subprocess.run(command, env=environment, capture_output=True, text=True, check=False))
    return folder


def _files() -> list[str]:
    """The media types that are bytes to the generator, which knows no others than JSON."""
    told = [json.loads(path_of(room).read_text(encoding="utf-8")) for room in ROOMS]
    operations = [each for document in told for path in document["paths"].values() for each in path.values()]
    bodies = [body for each in operations for body in (each.get("requestBody", {}), *each["responses"].values())]
    return sorted({media for body in bodies for media in body.get("content", {})} - _KNOWN)


def _done(process: subprocess.CompletedProcess[str]) -> None:
    if process.returncode:
        raise AssertionError(f"{process.args}: {process.stdout}{process.stderr}")


if __name__ == "__main__":
    shutil.rmtree(BUILD, ignore_errors=True)
    print(typescript(BUILD / "typescript"), python(BUILD / "python"), sep="\n")
