"""`motcua sweep-files`: contents of files that no dossier has, gone, and no others."""

import os
from pathlib import Path

import pytest

from tests.intake.bodies import a_pdf
from tests.journeys.conftest import Running
from tests.launcher.test_edition_commands import motcua
from tests.support import REGISTER_COPY, WARD, a_draft

_LOOSE = "cd" * 32
_LONG_AGO = 1_700_000_000


@pytest.fixture
def kept(running: Running) -> Path:
    """Where contents lie: one loose, long there; one loose, just written; one half-written, and what is not ours."""
    place = running.installation.files
    (place / "cd").mkdir(parents=True, exist_ok=True)
    for name in (_LOOSE, f"{_LOOSE}#2", "README"):
        (place / "cd" / name).write_bytes(b"x" * 1000)
        os.utime(place / "cd" / name, (_LONG_AGO, _LONG_AGO))
    (place / "cd" / f"{_LOOSE[:-1]}e").write_bytes(b"young")
    return place


def names(place: Path) -> set[str]:
    return {path.name for path in place.rglob("*") if path.is_file()}


def test_what_is_of_no_dossier_is_taken_away(running: Running, kept: Path) -> None:
    before = names(kept)
    status, _, told = motcua(running, "sweep-files", "--yes")
    assert status == 1, told
    assert "MOTCUA_FILES" in told, "nothing of it is of this database: it may be another one's place"
    assert names(kept) == before
    with running.client("intake", "counter", WARD) as counter:
        code = counter.post("/v1/dossiers", json=a_draft(procedure=REGISTER_COPY)).json()["code"]
        made = counter.post(f"/v1/dossiers/{code}/files", params={"name": "a"}, content=a_pdf()).json()
        status, _, told = motcua(running, "sweep-files")
        assert status == 1, "nobody said that it may be done"
        assert names(kept) == {*before, made["sha256"]}
        status, _, told = motcua(running, "sweep-files", "--older-than", "1", "--yes", language="en_US.UTF-8")
        assert status == 0, told
        assert "Taken away: 1 contents (1.000 bytes), 1 half-written" in told
        assert names(kept) == {made["sha256"], f"{_LOOSE[:-1]}e", "README"}
        assert counter.get(made["content"]).content == a_pdf()
    assert motcua(running, "sweep-files", "--yes")[0] == 0


def test_what_is_typed_wrongly(running: Running, kept: Path) -> None:
    assert motcua(running, "sweep-files", "--older-than", "0")[0] == 2
