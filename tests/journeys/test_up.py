"""`motcua up`: the main job, from nothing to the letter's table (3322/UBND-NC, 24/7/2019)."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.journeys.conftest import Running, await_running, command, start_up, stop


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """What `up --replay … --once` printed on a machine that had nothing."""
    data_dir = tmp_path_factory.mktemp("replayed")
    process = start_up(data_dir, "--replay", "quang-tri-2019-h1", "--once")
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed
    return data_dir, printed


def test_the_table_is_the_letters(replayed: tuple[Path, str]) -> None:
    _, printed = replayed
    lines = [line.split("│") for line in printed.splitlines() if line.count("│") == 5]
    table = {line[2].strip(): (line[3].strip(), line[4].strip()) for line in lines}
    assert table["carried over"] == ("4.098", "")
    assert table["received"] == ("132.485", "")
    assert table["to handle"] == ("136.583", "")
    assert table["resolved"] == ("128.843", "")
    assert table["on time"] == ("125.638", "97,51")
    assert table["late"] == ("3.205", "2,49")
    assert table["pending"] == ("7.740", "")
    assert int(table["in term"][0].replace(".", "")) + int(table["overdue"][0].replace(".", "")) == 7740


def test_the_output_says_that_the_records_are_synthetic(replayed: tuple[Path, str]) -> None:
    assert "synthetic" in replayed[1]
    assert "không phải hồ sơ thật" in replayed[1]


def test_what_has_stopped_is_not_offered_to_be_tried(replayed: tuple[Path, str]) -> None:
    assert "curl" not in replayed[1]
    last = replayed[1].splitlines()[-1]
    assert f"up --data-dir {replayed[0]} --replay quang-tri-2019-h1 --ports 0,0,0" in last, "what it takes to serve on"


def test_a_second_time_says_that_nothing_changed(replayed: tuple[Path, str]) -> None:
    printed, _ = start_up(replayed[0], "--once").communicate(timeout=60)
    assert "reference data: không đổi · unchanged" in printed
    assert "dossiers: không đổi · unchanged" in printed
    assert "136.583" in printed, "the table is shown all the same"


def test_the_curl_lines_work_as_pasted(replayed: tuple[Path, str]) -> None:
    data_dir, _ = replayed
    running = await_running(start_up(data_dir, "--replay", "none"), data_dir)
    printed = stop_later(running)
    pasted = printed[printed.index(next(line for line in printed if line.startswith("TOKEN="))) : -1]
    assert sum(line.startswith("curl ") for line in pasted) == 3
    assert all(len(line) <= 80 for line in pasted if not line.startswith("TOKEN=")), pasted
    assert "as_of=2019" not in "".join(pasted), "without the replay nobody asks for its half-year"
    answers = subprocess.run(
        ["bash", "-ec", "\n".join(line.replace("curl ", "echo; curl -w '\\n%{http_code}' ") for line in pasted)],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout
    assert answers.count("\n200") == 3, answers
    assert answers.count('"items"') == 2
    assert '"total"' in answers
    report = subprocess.run(
        command("report", "resolution", "--group-by", "agency", "--data-dir", str(data_dir)),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "136.583" in report.stdout
    silent = [line for line in report.stdout.splitlines() if line.count(" 0 ") >= 7]
    assert len(silent) >= 20, "agencies with nothing are rows of zeros: the letter's non-users"
    overdue = subprocess.run(
        command("overdue", "--format", "ndjson", "--agency", "45", "--data-dir", str(data_dir)),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert overdue.stdout.count('"days_overdue"') > 5000, "in 2026 all that was left open in 2019 is overdue"
    in_csv = subprocess.run(
        command("report", "resolution", "--format", "csv", "--data-dir", str(data_dir)),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert in_csv.stdout.count(b"\n") == len(in_csv.stdout.splitlines()) == 2, "no blank line at the end"
    in_json = subprocess.run(
        command("overdue", "--format", "json", "--data-dir", str(data_dir)),
        capture_output=True,
        timeout=60,
        check=True,
    )
    file = data_dir / "real.csv"
    file.write_text(
        "procedure,agency,channel,applicant.kind,applicant.name,accepted_at\n9.999999,x,counter,person,A,2019-07-22\n"
    )
    for more, warned in (((), True), (("--synthetic",), False)):
        imported = subprocess.run(
            command("import", str(file), "--data-dir", str(data_dir), *more),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert imported.returncode == 3, imported.stderr
        assert ("holds synthetic records" in imported.stderr) is warned
    whole = json.loads(in_json.stdout)
    assert whole["next"] is None
    assert len(whole["items"]) == overdue.stdout.count('"days_overdue"'), "45's are 44's now"
    stop(running)


def stop_later(running: Running) -> list[str]:
    """The lines it has printed up to the invitation to press Ctrl-C."""
    assert running.process.stdout is not None
    lines = []
    for line in running.process.stdout:
        lines.append(line.rstrip())
        if "Ctrl-C" in line:
            break
    return lines


def test_a_second_up_in_one_data_directory_says_so(running: Running) -> None:
    second = start_up(running.installation.data_dir, "--replay", "none")
    printed, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert str(running.process.pid) in printed
    assert "Traceback" not in printed


def test_a_taken_port_is_named(running: Running, tmp_path: Path) -> None:
    port = running.addresses.intake.rsplit(":", 1)[1]
    taken = subprocess.run(
        command("up", "--replay", "none", "--data-dir", str(tmp_path), "--ports", f"{port},0,0"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert taken.returncode == 1
    assert port in taken.stderr
    assert "--ports" in taken.stderr


@pytest.mark.parametrize(
    "words", [["up", "--replay", "mars"], ["up", "--ports", "1,2"], ["serve", "kitchen"], ["report", "resolution"]]
)
def test_a_wrong_word_is_answered_without_a_traceback(tmp_path: Path, words: list[str]) -> None:
    more = [] if words[0] == "serve" else ["--data-dir", str(tmp_path / "nothing")]
    answer = subprocess.run(command(*words, *more), capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode != 0
    assert "Traceback" not in answer.stderr
    assert answer.stderr.strip()
