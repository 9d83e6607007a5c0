"""`motcua report … --output FILE`: the file is what the service makes, and a refusal leaves what was there."""

import os
import subprocess
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.journeys.conftest import Running, command


def report(running: Running, *words: str) -> tuple[int, str]:
    group = () if words[0] == "overdue" else ("report",)
    done = subprocess.run(
        command(*group, *words, "--data-dir", str(running.installation.data_dir)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "LC_ALL": "en_US.UTF-8"},
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (["official", "ii-06a", "--period", "2019-H1", "--format", "xlsx"], b"PK"),
        (["official", "annex", "--period", "2019-Q2", "--format", "pdf"], b"%PDF"),
        (["official", "late-list", "--from", "2019-01-01", "--to", "2019-06-30", "--format", "docx"], b"PK"),
        (["official", "late-list", "--from", "2019-01-01", "--to", "2019-06-30"], b"row,key,number,code"),
        (["resolution", "--group-by", "level", "--format", "pdf"], b"%PDF"),
        (["index-766", "--period", "2019-H1", "--cut", "21-20", "--rules", "766/1", "--format", "xlsx"], b"PK"),
        (["index-766", "--period", "2019-06", "--rules", "766/1", "--as-of", "2019-07-01T08:00:00+07:00"], b""),
        (["editions"], b"{"),
        (["overdue", "--as-of", "2019-06-30T17:00:00+07:00"], b"{"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_a_report_goes_to_a_file(running: Running, tmp_path: Path, words: list[str], begins: bytes) -> None:
    file = tmp_path / ("report" if "--format" in words or words[0] == "official" else "report.json")
    assert report(running, *words, "--output", str(file)) == (0, "")
    assert file.read_bytes().startswith(begins)


@pytest.mark.parametrize("suffix", ["xlsx", "PDF", "csv", "json", "docx"])
@pytest.mark.parametrize(
    "words", [("resolution",), ("official", "annex"), ("index-766", "--rules", "766/1")], ids=lambda words: words[0]
)
def test_the_files_name_tells_the_format(running: Running, tmp_path: Path, words: tuple[str, ...], suffix: str) -> None:
    file = tmp_path / f"báo cáo.{suffix}"
    assert report(running, *words, "--period", "2019-H1", "--output", str(file)) == (0, "")
    begins = {"xlsx": b"PK", "docx": b"PK", "pdf": b"%PDF", "csv": b"", "json": b"{"}[suffix.lower()]
    assert file.read_bytes().startswith(begins)
    assert file.stat().st_size > 100


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x.txt", ("official", "annex")),
        ("x.txt", ("resolution",)),
        ("x", ("resolution",)),
        ("no/x.csv", ("resolution",)),
        ("x.txt", ("index-766",)),
        ("no/x.csv", ("index-766", "--rules", "766/1")),
    ],
)
def test_what_no_file_can_be_made_of_is_told(
    running: Running, tmp_path: Path, name: str, words: tuple[str, ...]
) -> None:
    code, said = report(running, *words, "--period", "2019-H1", "--output", str(tmp_path / name))
    assert code == 2
    assert "--output" in said or "--format" in said
    assert not (tmp_path / name).exists()


def test_what_is_asked_of_the_form_reaches_the_service(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "form.xlsx"
    words = ("official", "ii-06a", "--period", "2019-H1", "--form", "07a-btp", "--rows", "sector")
    more = ("--awaiting-supplement-column", "9", "--receiver", "Sở Nội vụ")
    code, said = report(running, *words, *more, "--format", "xlsx", "--output", str(file))
    assert (code, said) == (0, "")
    sheet = load_workbook(file).worksheets[0]
    texts = [str(value) for line in sheet.iter_rows(values_only=True) for value in line if value]
    assert "Biểu số 07a/BTP" in texts
    assert "Đơn vị nhận báo cáo: Sở Nội vụ" in texts
    assert any("được tính vào cột (9)" in text for text in texts)


def test_a_refusal_leaves_what_was_there(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "kept.csv"
    file.write_text("kept")
    code, said = report(
        running, "official", "annex", "--from", "2019-06-30", "--to", "2019-01-01", "--output", str(file)
    )
    assert code == 2
    assert "the period ends before it begins" in said
    assert file.read_text() == "kept"
