"""What is typed wrongly is blamed on what was typed; what is left out is asked for; Ctrl-C ends in a line."""

import builtins
import json
import shlex
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from typer.testing import CliRunner

from services import __main__ as entry
from services import command as commands
from services import verification
from services.command import app
from services.report_commands import _days
from tests.journeys.conftest import Running, command
from tests.launcher.test_edition_commands import motcua
from tests.support import PROVINCE

PAGE = 50

runner = CliRunner(env={"LC_ALL": "vi_VN.UTF-8"})


def refused(*words: str, data_dir: Path) -> str:
    """What a command says that was called wrongly."""
    done = runner.invoke(app, [*words, "--data-dir", str(data_dir)])
    assert done.exit_code == 2, done.output
    return " ".join(done.output.replace("│", " ").split())


@pytest.mark.parametrize("table", ["ii-06a", "annex", "late-list"])
def test_a_table_that_is_sent_is_of_a_period_that_somebody_named(tmp_path: Path, table: str) -> None:
    said = refused("report", "official", table, data_dir=tmp_path)
    assert "--period" in said
    assert "phải nêu kỳ: --period 2019-H1" in said
    assert "hoặc --from và --to" in said
    assert "2019-H1" in said, "it says what to give"


def test_only_the_day_that_was_given_is_sent() -> None:
    for wrong in ("x", "2019-13-01", "20190101", "2019-W01-1", "01/01/2019"):
        assert _days(None, wrong, None) == {"from": wrong}
        assert _days(None, None, wrong) == {"to": wrong}
    assert _days(None, "2019-12-01", None) == {"from": "2019-12-01", "to": "2019-12-31"}
    assert _days("2019", None, None) == {"period": "2019"}


def test_an_empty_code_is_no_wish_for_the_whole_province(tmp_path: Path) -> None:
    for words in (
        ("report", "resolution"),
        ("report", "official", "annex", "--period", "2019"),
        ("report", "seal", "annex", "--period", "2019"),
        ("report", "editions"),
        ("report", "index-766"),
        ("overdue",),
        ("token", "--role", "leader"),
    ):
        for empty in ("", "  "):
            said = refused(*words, "--agency", empty, data_dir=tmp_path)
            assert "--agency" in said
            assert "must not be empty" in said


@pytest.mark.parametrize("text", ["1_0", "1.0", "0", "+1", "01", "٣", " 1", "1e1", "9" * 40, ""])
def test_a_number_is_typed_in_one_way(tmp_path: Path, text: str) -> None:
    for words in (
        ("report", "edition", text),
        ("report", "seal", "annex", "--period", "2019", "--corrects", text),
        ("report", "official", "ii-06a", "--period", "2019", "--awaiting-supplement-column", text),
        ("anchors", "--to", str(tmp_path / "out"), "--upto", text),
    ):
        assert "must be a whole number from 1 on" in refused(*words, data_dir=tmp_path), words


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("report", "resolution", "--format", "pdf"), "x.csv"),
        (("report", "official", "annex", "--period", "2019", "--format", "csv"), "x.xlsx"),
        (("report", "edition", "1", "--format", "docx"), "x.PDF"),
        (("overdue", "--format", "json"), "x.ndjson"),
    ],
)
def test_no_form_goes_into_a_file_that_is_called_another(tmp_path: Path, words: tuple[str, ...], name: str) -> None:
    said = refused(*words, "--output", str(tmp_path / name), data_dir=tmp_path)
    assert "--output" in said
    assert f".{name.split('.')[1].lower()}" in said
    assert not (tmp_path / name).exists()


def interrupted(*_: object, **__: object) -> NoReturn:
    raise KeyboardInterrupt


def test_ctrl_c_ends_in_a_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for place, words, status, line in (
        ((commands, "running"), ["overdue"], 130, "Đã dừng · stopped"),
        ((verification, "verify"), ["verify"], 2, "Đã dừng, chưa kiểm chứng xong · stopped before all was verified"),
        ((verification, "anchor_of"), ["verify", "--anchor", "1:2"], 2, "Đã dừng, chưa kiểm chứng xong"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(*place, interrupted)
            patched.setenv("MOTCUA_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
            patched.setattr("services.launcher.Database.__enter__", lambda self: self)
            done = runner.invoke(app, [*words, "--data-dir", str(tmp_path)])
        assert done.exit_code == status, done.output
        assert done.output.strip().startswith(line)
        assert len(done.output.strip().splitlines()) == 1


def test_ctrl_c_while_it_loads_ends_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    load = builtins.__import__

    def loading(name: str, *more: Any) -> Any:
        return interrupted() if name == "services.command" else load(name, *more)

    monkeypatch.setattr(builtins, "__import__", loading)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "Đã dừng · stopped\n"


def test_the_service_blames_the_day_that_was_typed(running: Running) -> None:
    for option in ("--from", "--to"):
        status, _, told = motcua(running, "report", "resolution", option, "x")
        assert status == 2
        assert told.startswith(f"{option}: "), told
        assert len(told.splitlines()) == 1, "in one line"


def test_a_closed_output_is_no_error(running: Running) -> None:
    """As some that schedule jobs start them."""
    words = command("overdue", "--format", "csv", "--data-dir", str(running.installation.data_dir))
    done = subprocess.run(
        ["sh", "-c", f"{shlex.join(words)} >&-"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_editions_in_json_are_all_of_them(running: Running) -> None:
    with running.client("stats", "leader", PROVINCE) as leader:
        for n in range(PAGE + 1):
            day = (date(2026, 1, 1) + timedelta(days=n)).isoformat()
            body = {"report": "annex", "parameters": {"agency": PROVINCE, "from": day, "to": day}}
            assert leader.post("/v1/reports/editions", json=body).status_code == 201
    status, out, _ = motcua(running, "report", "editions", "--format", "json")
    told = json.loads(out)
    assert (status, len(told["items"]), told["next"]) == (0, PAGE + 1, None)
    assert [one["id"] for one in told["items"]] == sorted((one["id"] for one in told["items"]), reverse=True)
    _, out, _ = motcua(running, "report", "editions")
    assert f"{PAGE} bản chốt mới nhất; tất cả: --format json" in out.decode()
