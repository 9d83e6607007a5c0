"""`motcua import`: the page's examples for real, and the file of what was rejected."""

import csv
import json
import os
import re
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from services.upload import rejects_file
from shared.contracts.intake import ApplicantIn, ImportRecord, ImportSupplement
from tests.journeys.conftest import Running, await_running, command, start_up, stop

PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text(encoding="utf-8")


def example(form: str) -> str:
    found = re.search(rf"^```{form}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def motcua_import(running: Running, file: Path, *more: str, language: str = "vi_VN.UTF-8") -> tuple[int, str]:
    done = subprocess.run(
        command("import", str(file), "--data-dir", str(running.installation.data_dir), *more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "LC_ALL": language},
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def motcua_report(running: Running, *more: str) -> tuple[int, str]:
    done = subprocess.run(
        command("report", "resolution", "--data-dir", str(running.installation.data_dir), *more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "LC_ALL": "en_US.UTF-8"},
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_the_page_names_every_column() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \| (.*?) \|", PAGE, re.MULTILINE)
    required = {name for names, needed in rows if needed == "required" for name in re.findall(r"`([^`]+)`", names)}
    named = {name for names, _ in rows for name in re.findall(r"`([^`]+)`", names)}

    def columns(prefix: str, fields: dict[str, FieldInfo]) -> dict[str, bool]:
        return {f"{prefix}{name}": field.is_required() for name, field in fields.items()}

    expected = columns(
        "", {k: v for k, v in ImportRecord.model_fields.items() if k not in ("applicant", "supplements")}
    )
    expected |= columns("applicant.", ApplicantIn.model_fields)
    supplements = columns("supplements.0.", ImportSupplement.model_fields)
    assert named - {"supplements.1.…"} == set(expected) | set(supplements)
    assert required == {name for name, needed in expected.items() if needed}


@pytest.mark.parametrize(("form", "name"), [("csv", "ours.csv"), ("json", "ours.ndjson")])
def test_the_examples_of_the_page_land(running: Running, tmp_path: Path, form: str, name: str) -> None:
    file = tmp_path / name
    file.write_text(example(form), encoding="utf-8")
    stale = rejects_file(file)
    stale.write_text("of an earlier run")
    status, printed = motcua_import(running, file)
    assert status == 0, printed
    assert re.search(r"│ +2 │ +2 │ +0 │ +0 │", printed), printed
    assert not stale.exists()


def test_rejected_lines_are_told_in_the_language_of_the_terminal(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(example("csv").replace("1.001193", "9.999999"), encoding="utf-8")
    reasons = []
    for language in ("vi_VN.UTF-8", "en_US.UTF-8"):
        status, printed = motcua_import(running, file, language=language)
        assert status == 3, printed
        (line,) = rejects_file(file).read_text(encoding="utf-8").splitlines()
        assert json.loads(line)["line"] == 2
        assert "Nguyễn" not in line, "the record itself is not kept"
        reasons.append(json.loads(line)["reasons"][0]["reason"])
    assert reasons[0] != reasons[1]


def test_nothing_is_sent_where_rejects_could_not_be_kept(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "ours.csv"
    file.write_text(example("csv").replace("HT-", "HU-"), encoding="utf-8")
    for place in ("nowhere/rejects", "too long" * 40):  # of the latter one cannot even ask whether it is there
        status, printed = motcua_import(running, file, "--rejects", str(tmp_path / place))
        assert status == 2
        assert "--rejects" in printed
    kept = tmp_path / "kept.ndjson"
    kept.write_text("mine")
    status, printed = motcua_import(running, file, "--rejects", str(kept))
    assert re.search(r"│ +2 │ +2 │ +0 │ +0 │", printed), "nothing had landed before"
    assert kept.read_text() == "mine", "only the file of the default name is motcua's own"


def test_a_file_of_another_name_is_refused(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "ours.xlsx"
    file.touch()
    status, printed = motcua_import(running, file)
    assert status == 2
    assert ".csv, .ndjson, .jsonl" in printed


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--agency", "999999"), "no agency has this code"),
        (("--agency", "44"), "choose another with --period, or --from and --to"),
        (("--from", "2019-12-01", "--to", "2019-01-01"), "the period ends before it begins"),
        (("--period", "2019-Q5"), "2019-Q2"),
        (("--definition", "by-feeling"), "due-in-period"),
        (("--period", "2019", "--to", "2019-06-30"), "not both"),
    ],
)
def test_a_report_that_cannot_be_made_says_why(running: Running, words: tuple[str, ...], hint: str) -> None:
    status, printed = motcua_report(running, *words)
    assert status == 2
    assert hint in printed


def test_a_report_of_nothing_says_which_period_it_is_of(running: Running) -> None:
    status, printed = motcua_report(running)
    assert status == 0
    assert "choose another with --period, or --from and --to" in printed
    assert "--from" not in motcua_report(running, "--from", "2020-01-01")[1], "chosen"


def test_a_report_of_a_named_period_within_which_groups_stand(running: Running) -> None:
    named = ("--period", "2019-08", "--cut", "21-20", "--group-by", "level,agency", "--format", "csv")
    status, printed = motcua_report(running, *named)
    assert status == 0
    lines = list(csv.DictReader(StringIO(printed)))
    assert {(line["from"], line["to"]) for line in lines} == {("2019-07-21", "2019-08-20")}
    assert [line["by"] for line in lines[:2]] == ["level", "agency"]
    status, printed = motcua_report(running, "--period", "2019-08", "--units", "today", "--group-by", "agency,month")
    assert status == 0
    assert "44  UBND tỉnh Quảng Trị" in printed


def test_a_report_by_a_definition_shows_its_rates(running: Running) -> None:
    asked = ("--period", "2019-H1", "--definition", "due-in-period")
    status, printed = motcua_report(running, *asked, "--format", "csv")
    assert status == 0
    (line,) = csv.DictReader(StringIO(printed))
    assert line["definition"] == "due-in-period/1"
    assert {"rates.on_time.value", "counts.due_in_period"} <= set(line)
    status, printed = motcua_report(running, *asked)
    assert status == 0
    assert "due-in-period/1" in printed
    assert "Withdrawn" in printed, "rates have their titles"


def test_the_half_year_goes_to_no_installation_with_real_dossiers(running: Running, tmp_path: Path) -> None:
    """The last of this module: the installation is stopped and started again."""
    file = tmp_path / "ours.csv"
    file.write_text(example("csv"), encoding="utf-8")
    assert motcua_import(running, file)[0] == 0
    data_dir = running.installation.data_dir
    stop(running)
    try:
        assert running.installation.replay() == "none"
        once = start_up(data_dir, "--once")
        printed = once.communicate(timeout=60)[0]
        assert once.returncode == 0, printed
        assert "synthetic" not in printed, "the choice is remembered"
        assert f"up --data-dir {data_dir} --ports 0,0,0" in printed.splitlines()[-1]
        (data_dir / "replay").unlink()
        for words, status in (((), 0), (("--replay", "quang-tri-2019-h1"), 1)):
            process = start_up(data_dir, "--once", *words)
            printed = process.communicate(timeout=60)[0]
            assert process.returncode == status, printed
            assert "the synthetic half-year is not loaded" in printed
            assert "Traceback" not in printed
    finally:
        again = await_running(start_up(data_dir, "--replay", "none"), data_dir)
        running.process, running.addresses = again.process, again.addresses
