"""The tools, which `make frontend` and `make clients` install; without them the tests that need them are skipped."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NODE = Path(__file__).parent / "node"
PYTHON = Path(__file__).parent / "python"
#: Where `make clients` installs what makes a client for Python, and what such a client stands on.
PYTHON_TOOLS = ROOT / ".venv" / "client" / "bin"
_QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}

needs_node = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is missing: no frontend's tools to run"),
    pytest.mark.skipif(
        not (NODE / "node_modules" / "typescript").exists(),
        reason="the frontend's tools are missing: run `make frontend`",
    ),
]
needs_python_tools = pytest.mark.skipif(
    not (PYTHON_TOOLS / "openapi-python-client").exists(),
    reason="openapi-python-client is missing: run `make clients`",
)


def node(tool: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """A tool of the folder `node`, run to its end."""
    command = [NODE / "node_modules" / ".bin" / tool, *words]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **_QUIET}, capture_output=True, text=True, check=False)
