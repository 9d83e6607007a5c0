"""Contracts that were released are kept, and who breaks one says so in a decision."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services import releases
from services.command import app
from services.refusals import Refused
from services.releases import compare, keep, versions
from services.serve import ROOMS
from tests.contracts.documents import Schema
from tests.contracts.test_breaking import TEXT, an_object, answering

WHOLE_ANSWER = answering({"$ref": "#/x/Dossier"}, Dossier=an_object(holder=TEXT, code=TEXT))
WITHOUT_HOLDER = answering({"$ref": "#/x/Dossier"}, Dossier=an_object(code=TEXT))
BREAK = "intake answer_field_gone Dossier.holder"


def commit(root: Path, document: Schema) -> None:
    """In place of all that is committed."""
    for room in ROOMS:
        (root / f"{room}_service").mkdir(exist_ok=True)
        told = document if room == "intake" else answering(TEXT)
        (root / f"{room}_service" / "openapi.json").write_text(json.dumps(told), encoding="utf-8")


def decide(root: Path, *lines: str, release: str = "0.1.0", number: str = "0042") -> None:
    (root / "docs" / "decisions").mkdir(parents=True, exist_ok=True)
    page = "\n".join(["# The holder is asked of routing", "", f"```breaks {release}", *lines, "```", ""])
    (root / "docs" / "decisions" / f"{number}-a-holder.md").write_text(page, encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A house that has released 0.1.0."""
    commit(tmp_path, WHOLE_ANSWER)
    keep("0.1.0", tmp_path)
    return tmp_path


def test_the_committed_contracts_break_nothing_that_is_not_decided() -> None:
    found = compare()
    assert found.undeclared == [], "see docs/clients.md: do without the break, or decide it"
    assert found.idle == [], "declared in docs/decisions, and not broken"


def test_nothing_has_changed(root: Path) -> None:
    assert compare(root).changes == ()
    assert compare(root).release == "0.1.0"


def test_a_break_is_to_be_decided(root: Path) -> None:
    commit(root, WITHOUT_HOLDER)
    assert compare(root).undeclared == [BREAK]
    decide(root, BREAK)
    found = compare(root)
    assert (found.undeclared, found.idle, found.declared) == ([], [], {BREAK: "0042"})


def test_a_decision_speaks_of_one_release(root: Path) -> None:
    commit(root, WITHOUT_HOLDER)
    decide(root, BREAK, release="0.0.9")
    assert compare(root).undeclared == [BREAK]
    decide(root, BREAK)
    keep("0.2.0", root)
    commit(root, WITHOUT_HOLDER)
    found = compare(root)
    assert (found.release, found.changes, found.idle) == ("0.2.0", (), []), "what was decided then is history"


def test_what_is_declared_must_be_broken(root: Path) -> None:
    decide(root, BREAK, "stats path_gone /v1/reports")
    assert compare(root).idle == [BREAK, "stats path_gone /v1/reports"]


def test_the_last_release_is_the_one_with_the_highest_numbers(root: Path) -> None:
    keep("0.9.0", root)
    keep("0.10.0", root)
    assert versions(root / "contracts") == ["0.1.0", "0.9.0", "0.10.0"]


def test_a_release_is_for_good_and_holds_nothing_undecided(root: Path) -> None:
    for version in ("0.1.0", "0.0.9", "next", "../0.2.0"):
        with pytest.raises(Refused):
            keep(version, root)
    commit(root, WITHOUT_HOLDER)
    with pytest.raises(Refused, match="Dossier"):
        keep("0.2.0", root)
    assert versions(root / "contracts") == ["0.1.0"]


def test_without_any_release_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no release"):
        compare(tmp_path)


def test_the_command_shows_what_breaks_and_fails(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> tuple[int, str]:
        done = CliRunner().invoke(app, ["contracts", "--breaking"])
        return done.exit_code, done.output

    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setattr(releases, "_ROOT", root)
    assert run() == (0, "Không phá vỡ hợp đồng 0.1.0 · no undecided break since 0.1.0\n")
    commit(root, WITHOUT_HOLDER)
    status, shown = run()
    assert status == 1
    for words in (
        "Dossier.holder",
        "field of the answer is gone",
        "GET /v1/things/{code}",
        f"undecided break: {BREAK}",
    ):
        assert words in shown
    decide(root, BREAK)
    status, shown = run()
    assert status == 0
    assert "0042" in shown
    decide(root, BREAK, "intake path_gone /v1/things")
    status, shown = run()
    assert (status, "declared, not broken: intake path_gone /v1/things" in shown) == (1, True)
