"""What a frontend makes of the contracts: `make clients` makes it in build/clients, the tests in a folder of theirs."""

import shutil
import subprocess
from pathlib import Path

from services.contracts import path_of
from services.serve import ROOMS
from tests.clients.tools import NODE, ROOT, node

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


def _done(process: subprocess.CompletedProcess[str]) -> None:
    if process.returncode:
        raise AssertionError(f"{process.args}: {process.stdout}{process.stderr}")


if __name__ == "__main__":
    print(typescript(BUILD / "typescript"))
