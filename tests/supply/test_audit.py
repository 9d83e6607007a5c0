"""The look-up of known weaknesses fails where there are some, and says so where it could not look."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "requirements" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def printed(*dependencies: dict[str, Any]) -> str:
    return json.dumps({"dependencies": list(dependencies), "fixes": []})


SOUND: dict[str, Any] = {"name": "sound", "version": "1.0", "vulns": []}
UNKNOWN: dict[str, Any] = {"name": "unknown", "skip_reason": "not found"}
WEAK: dict[str, Any] = {
    "name": "weak",
    "version": "1.1",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.2", "2.0"]}, {"id": "PYSEC-2026-2", "fix_versions": []}],
}


def test_nothing_known(audit: ModuleType) -> None:
    assert audit.outcome(printed(SOUND), "") == (["1 packages looked up, 0 known weaknesses."], 0)


def test_every_weakness_is_named_with_what_mends_it_and_fails(audit: ModuleType) -> None:
    lines, status = audit.outcome(printed(SOUND, WEAK, UNKNOWN), "Found 2 known vulnerabilities")
    assert status == 1
    assert lines == [
        "weak 1.1: PYSEC-2026-1, mended in 1.2, 2.0",
        "weak 1.1: PYSEC-2026-2, mended in no version yet",
        "2 packages looked up, 2 known weaknesses.",
        "Unknown to the advisory service: unknown.",
    ]


@pytest.mark.parametrize(
    ("out", "complaints"),
    [
        ("", "requests.exceptions.ConnectionError: Failed to resolve"),
        ("", "requests.exceptions.SSLError: self-signed certificate in certificate chain"),
        ("", "pip_audit._service.interface.ServiceError: 503"),
        (printed(UNKNOWN, UNKNOWN), "WARNING: not found"),
    ],
)
def test_what_could_not_be_looked_up_is_said_and_does_not_fail(audit: ModuleType, out: str, complaints: str) -> None:
    lines, status = audit.outcome(out, complaints)
    assert (lines, status) == (["Not audited: the advisory service cannot be reached from here."], 0)


@pytest.mark.parametrize("out", ["", "{}", "[]", "no json"])
def test_a_look_up_that_broke_is_no_clean_bill(audit: ModuleType, out: str) -> None:
    assert audit.outcome(out, "usage: pip-audit: error: unrecognized arguments")[1] == 2
