"""Everything that is installed is pinned with its hashes, and licensed for use in a product under Apache-2.0."""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
LISTS = ("run.txt", "dev.txt", "supply.txt", "client.txt", "fuzz.txt")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==(\S+)", re.MULTILINE)
#: Licences that let the product be used, changed and handed on without opening it. MPL-2.0 binds its own files only.
ALLOWED = {
    *("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Unlicense"),
}
#: As some packages still write them.
_OTHER_WORDS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}


def pins(name: str) -> dict[str, str]:
    return dict(_PIN.findall((REQUIREMENTS / name).read_text()))


def licences(package: str) -> set[str]:
    """By the expression of its metadata, else by its classifiers, else by its free words."""
    told = metadata(package).json
    if expression := told.get("license_expression"):
        return set(re.split(r"\s+(?:AND|OR|WITH)\s+|[()]+", str(expression))) - {""}
    classified = [line.split(" :: ")[-1] for line in told.get("classifier", ()) if line.startswith("License")]
    words = classified or [str(told.get("license", "")).strip()]
    return {_OTHER_WORDS.get(word, word) for word in words}


@pytest.mark.parametrize("name", LISTS)
def test_every_pin_has_its_hashes(name: str) -> None:
    text = (REQUIREMENTS / name).read_text()
    entries = re.split(r"\n(?=\S)", text)
    assert len(pins(name)) > 20
    assert [entry.split()[0] for entry in entries if "==" in entry and "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("package", sorted(pins("run.txt")))
def test_what_the_services_run_on_may_be_used(package: str) -> None:
    try:
        found = licences(package)
    except PackageNotFoundError:
        pytest.skip(f"{package} is of another system than this one, and not installed")
    assert found <= ALLOWED, f"{package} is under {', '.join(sorted(found - ALLOWED))}: not on the list of licences"


def test_what_is_developed_with_has_the_versions_that_are_run() -> None:
    run, dev = pins("run.txt"), pins("dev.txt")
    assert {name: dev.get(name) for name in run} == run
