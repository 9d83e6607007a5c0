"""What is typed wrongly is told in one line, in the language of the terminal, by the name of the option; status 2."""

import ast
import inspect
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

from services import report_commands
from services.client import OPTIONS, good, option_of
from services.command import app
from services.help_words import HELP
from services.installation import Addresses, Installation
from services.refusals import Mistyped, Refused
from shared.web.problems import PROBLEMS
from tests.journeys.conftest import command

VIETNAMESE, ENGLISH = CliRunner(env={"LC_ALL": "vi_VN.UTF-8"}), CliRunner(env={"LC_ALL": "en_US.UTF-8"})


@pytest.mark.parametrize(
    ("words", "vietnamese", "english"),
    [
        (["reprot"], "không có lệnh reprot; gần giống: 'report'", "No such command 'reprot'. Did you mean 'report'?;"),
        (["nosuch"], "không có lệnh nosuch", "No such command 'nosuch';"),
        (["report", "nosuch"], "không có lệnh nosuch", "No such command 'nosuch';"),
        (["verify", "--nosuch"], "không có tùy chọn --nosuch", "No such option: --nosuch"),
        (["report", "seal", "--not", "x"], "không có tùy chọn --not; gần giống: --note", "No such option: --not"),
        (["overdue", "extra"], "thừa: extra", "Got unexpected extra argument(s) (extra)"),
        (["overdue", "--as-of"], "--as-of cần một giá trị", "Option '--as-of' requires an argument"),
        (["verify", "--help=x"], "--help không nhận giá trị", "Option '--help' does not take a value"),
        (["report", "edition"], "thiếu ID", "Missing argument 'ID';"),
        (["token", "--role", "leader"], "thiếu --agency", "Missing option '--agency';"),
        (["token", "--agency", "44"], "thiếu --role; phải là một trong: citizen, counter", "Missing option '--role'."),
        (
            ["token", "--role", "king"],
            "--role: phải là một trong: 'citizen', 'counter'",
            "--role: 'king' is not one of",
        ),
        (["token", "--hours", "x"], "--hours: phải là một số", "--hours: Input should be a valid number"),
        (["token", "--hours", "0"], "--hours: phải từ 0.01 trở lên", "--hours: Input should be greater"),
        (["token", "--hours", "nan"], "--hours: nhiều nhất là 8784", "--hours: Input should be less"),
        (["import", "/no/such.csv"], "file: không có /no/such.csv", "file: file '/no/such.csv' does not exist;"),
        (["import", "/"], "file: / là thư mục, cần một tệp", "file: file '/' is a directory;"),
        (["report", "edition", "x"], "ID: phải là số nguyên từ 1", "ID: phải là số nguyên từ 1 · must be a whole"),
        (["overdue", "--format", "pdf"], "--format: phải là một trong", "--format: phải là một trong · must be one of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_parser_speaks_in_one_line(words: list[str], vietnamese: str, english: str) -> None:
    for runner, begins in ((VIETNAMESE, vietnamese), (ENGLISH, english)):
        done = runner.invoke(app, words)
        (line,) = done.output.splitlines()
        assert (done.exit_code, line.startswith(begins)) == (2, True), line
        assert "Invalid value" not in line
        without_place = words[1:] in (["--as-of"], ["--help=x"])  # the parser does not say of which command
        assert line.endswith(" --help") is not without_place, "where the right words stand"


def test_what_a_terminal_speaks_is_one_language() -> None:
    for words, vietnamese, english in (
        (["overdue", "--output", "x.doc"], "tên tệp phải kết thúc bằng một trong: .json, .csv", "the file's name must"),
        (["overdue", "--format", "table", "--output", "x"], "bảng chỉ để xem trên màn hình", "a table is for the"),
        (["overdue", "--format", "csv", "--output", "x.json"], "--format là csv, tên tệp", "the file's name ends"),
        (["report", "official", "annex"], "phải nêu kỳ: --period 2019-H1", "a period is needed: --period 2019-H1"),
    ):
        for runner, begins, other in ((VIETNAMESE, vietnamese, english), (ENGLISH, english, vietnamese)):
            output = runner.invoke(app, words).output
            assert (begins in output, other in output) == (True, False), output


def test_help_of_a_group_is_in_the_language_of_the_terminal() -> None:
    for words in (["--help"], ["report", "--help"]):
        assert "Hiện hướng dẫn này." in VIETNAMESE.invoke(app, words).output
        assert "Show this message and exit." in ENGLISH.invoke(app, words).output


def test_help_breaks_its_lines_where_the_terminal_ends() -> None:
    """And not where the source does: of each command the list holds whole lines, but for the last."""
    wide = CliRunner(env={"LC_ALL": "vi_VN.UTF-8", "COLUMNS": "1000"})
    output = wide.invoke(app, ["--help"]).output
    assert all(f"│ {name} " in output for name in ("anchors", "erase-person", "up"))
    commands = output.partition("Commands")[2].splitlines()[1:-1]
    assert [line for line in commands if line.startswith("│") and line[2:3] == " "] == []


def test_help_is_help() -> None:
    """Of a group without a command the help is shown, and no line behind it."""
    done = VIETNAMESE.invoke(app, ["report"])
    assert done.exit_code == 2
    assert done.output.strip().endswith("╯")
    assert VIETNAMESE.invoke(app, ["report", "--help"]).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["report", "resolution", "--period", "2019", "--period", "2020"],
        ["report", "official", "annex", "--agency", "44", "--agency=45"],
        ["overdue", "--as-of", "x", "--as-of", "x"],
        ["verify", "--data-dir", "a", "--data-dir", "b"],
    ],
    ids=lambda words: words[-2],
)
def test_an_option_is_given_once(words: list[str]) -> None:
    """The parser would take the last, and the figures be of another agency or period than the first says."""
    done = VIETNAMESE.invoke(app, words)
    name = next(word.partition("=")[0] for word in reversed(words) if word.startswith("--"))
    assert (done.exit_code, done.output.startswith(f"{name}: chỉ được nêu một lần")) == (2, True), done.output


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["report", "resolution", "--agency", "\udcff"], "--agency"),
        (["report", "seal", "annex", "--period", "2019", "--note", "\udcff"], "--note"),
        (["overdue", "--as-of", "2019\udcff"], "--as-of"),
        (["token", "--role", "leader", "--agency", "\udcff"], "--agency"),
        (["export-person", "--decision", "1", "--reason", "x", "--output", "x", "--dossier", "\udcff"], "--dossier"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_bytes_that_are_no_text_are_refused_by_name(words: list[str], name: str) -> None:
    """A terminal in another encoding sends them; no request holds them, and no column."""
    done = VIETNAMESE.invoke(app, words)
    assert (done.exit_code, done.output.startswith(f"{name}: không phải UTF-8")) == (2, True), done.output


def test_an_empty_directory_is_not_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = VIETNAMESE.invoke(app, ["anchors", "--to", ""])
    assert (done.exit_code, done.output.startswith("--to: không được để trống")) == (2, True), done.output


@pytest.mark.parametrize(
    "url", ["notaurl", "ftp://x", "http://", "http://x:99999", "http://[::1", "http://\udcff", "http://x\n"]
)
def test_an_address_that_is_none_is_called_by_its_setting(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("INTAKE", "ROUTING", "STATS"):
        monkeypatch.setenv(f"MOTCUA_{room}_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("MOTCUA_ROUTING_URL", url)
    done = VIETNAMESE.invoke(app, ["overdue"])
    assert done.exit_code == 1
    assert done.output.startswith("MOTCUA_ROUTING_URL không phải là địa chỉ"), done.output


@pytest.mark.parametrize("token", ["a\nb", "đ", "\udcff"])
def test_a_token_that_is_none_is_not_repeated(token: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for room in ("INTAKE", "ROUTING", "STATS"):
        monkeypatch.setenv(f"MOTCUA_{room}_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("MOTCUA_TOKEN", token)
    done = VIETNAMESE.invoke(app, ["overdue", "--data-dir", str(tmp_path)])
    assert (done.exit_code, done.output.splitlines()) == (
        1,
        ["MOTCUA_TOKEN không phải là mã truy cập.", "MOTCUA_TOKEN is no token."],
    )


@pytest.mark.parametrize("words", [("token", "--role", "leader", "--agency", "44"), ("report", "--help")], ids=" ".join)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_told_in_a_line(words: tuple[str, ...], unbuffered: str, tmp_path: Path) -> None:
    place = () if "--help" in words else ("--data-dir", str(tmp_path))
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*words, *place),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "LC_ALL": "vi_VN.UTF-8", "PYTHONUNBUFFERED": unbuffered},
        )
    assert done.returncode == 2, "1 would say of verify that something differs"
    assert done.stderr.splitlines()[-1] == "Không ghi hết được: No space left on device"
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_of_three_addresses_it_says_which_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = ("overdue", "--data-dir", str(tmp_path))
    for room in ("INTAKE", "ROUTING", "STATS"):
        monkeypatch.delenv(f"MOTCUA_{room}_URL", raising=False)
    vietnamese, english = VIETNAMESE.invoke(app, words).output.splitlines()
    assert vietnamese.endswith(
        "hoặc nêu địa chỉ các dịch vụ trong MOTCUA_INTAKE_URL, MOTCUA_ROUTING_URL, MOTCUA_STATS_URL."
    )
    assert "missing" not in english
    monkeypatch.setenv("MOTCUA_INTAKE_URL", "http://127.0.0.1:1")
    vietnamese, english = VIETNAMESE.invoke(app, words).output.splitlines()
    assert vietnamese.endswith("; còn thiếu MOTCUA_ROUTING_URL, MOTCUA_STATS_URL.")
    assert english.endswith(": MOTCUA_ROUTING_URL, MOTCUA_STATS_URL are missing.")
    monkeypatch.setenv("MOTCUA_ROUTING_URL", "http://127.0.0.1:1")
    vietnamese, english = VIETNAMESE.invoke(app, words).output.splitlines()
    assert vietnamese.endswith("; còn thiếu MOTCUA_STATS_URL.")
    assert english.endswith(": MOTCUA_STATS_URL is missing.")


def test_some_addresses_are_not_taken_for_what_runs_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What was meant for another installation would be answered by the one of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as answers:
        here = f"http://127.0.0.1:{answers.getsockname()[1]}"
        installation = Installation(tmp_path)
        installation.note_running(Addresses(here, here, here, os.getpid()))
        assert installation.running() is not None
        monkeypatch.setenv("MOTCUA_STATS_URL", "http://127.0.0.1:1")
        for room in ("INTAKE", "ROUTING"):
            monkeypatch.delenv(f"MOTCUA_{room}_URL", raising=False)
        done = VIETNAMESE.invoke(app, ["overdue", "--data-dir", str(tmp_path)])
    assert (done.exit_code, "còn thiếu MOTCUA_INTAKE_URL, MOTCUA_ROUTING_URL" in done.output) == (1, True), done.output


def test_what_may_be_repeated_is() -> None:
    done = VIETNAMESE.invoke(app, ["verify", "--anchor", "1:x", "--anchor", "2:x"])
    assert "SỐ:DẤU" in done.output, "it was both that were looked at"


def refused(status: int, code: str, *errors: tuple[str, str, str], path: str = "/v1/reports/resolution") -> Refused:
    body = {"title": PROBLEMS[code][1], "code": code}
    told = [dict(zip(("field", "code", "reason"), error, strict=True)) for error in errors]
    asked = httpx.Request("GET", f"http://127.0.0.1:1{path}?agency=44")
    with pytest.raises(Refused) as caught:
        good(httpx.Response(status, json={**body, "errors": told}, request=asked), "http://127.0.0.1:2")
    return caught.value


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (("group_by", "not_one_of", 'là "none", "agency"'), '--group-by: là "none", "agency"'),
        (("parameters.as_of", "malformed", "sai"), "--as-of: sai"),
        (("period", "period_or_days_only", 'chỉ "period", hoặc "from"'), "--period: chỉ --period, hoặc --from"),
        (("period", "no_rule_version", 'nêu "rules": 766/1'), "--period: nêu --rules 766/1"),
        (("agency", "unknown_agency", 'tra tại "/v1/agencies"'), "--agency: tra tại http://127.0.0.1:2/v1/agencies"),
        (("corrects", "unknown_edition", 'tại "/v1/reports/editions"'), "--corrects: tại `motcua report editions`"),
        (("edition_id", "out_of_range", "sai"), "ID: sai"),
        (("", "changes_nothing", "không đổi"), "không đổi"),
        (("Authorization", "token_expired", "hết hạn"), "Authorization: hết hạn"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_a_field_is_called_as_it_was_typed(error: tuple[str, str, str], line: str) -> None:
    told = refused(422, "invalid_request", error)
    assert (str(told), told.status) == (line, 2)


def test_the_status_tells_what_was_typed_wrongly_from_what_cannot_be_done_now() -> None:
    reason = ("corrects", "sealed_as_edition", "đã chốt")
    assert str(refused(409, "conflict", reason)) == f"{PROBLEMS['conflict'][1]}\n--corrects: đã chốt"
    for status, code in ((409, "conflict"), (401, "unauthenticated"), (403, "forbidden"), (503, "unavailable")):
        assert type(refused(status, code)) is Refused
    for status, code in ((422, "invalid_request"), (406, "not_acceptable"), (404, "not_found")):
        assert type(refused(status, code)) is Mistyped


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/v1/reports/editions/9/content", "`motcua report editions`"),
        ("/v1/anchors/9", "`motcua anchors`"),
        ("/v1/anchors", "MOTCUA_INTAKE_URL"),  # the list itself is not there: another service answers at the address
        ("/v1/reports/resolution", "MOTCUA_STATS_URL"),
    ],
)
def test_what_is_not_found_says_where_to_look(path: str, where: str) -> None:
    (line,) = str(refused(404, "not_found", path=path)).splitlines()
    assert line.startswith(f"Không tìm thấy: http://127.0.0.1:1{path}; ")
    assert where in line


def helps_of(called: Any) -> set[str]:
    inner = {text for one in getattr(called, "commands", {}).values() for text in helps_of(one)}
    context = typer.Context(called)
    own = {param.help for param in called.get_params(context)} if not hasattr(called, "commands") else set()
    return own | inner


def test_every_option_is_explained_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    english = helps_of(typer.main.get_command(app))
    assert None not in english, "an option that is not explained"
    assert english == set(HELP), "not in the table, or in it for nothing"
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    assert helps_of(typer.main.get_command(app)) == set(HELP.values())
    assert {text for text, told in HELP.items() if text == told} == {
        "table, json",
        "ii-06a, annex, late-list",
        "resolution, ii-06a, annex",
    }, "nothing but names"


@pytest.mark.parametrize(
    ("language", "told", "other"),
    [("vi_VN.UTF-8", "Ngày cuối kỳ", "Last day"), ("en_US.UTF-8", "Last day", "Ngày cuối kỳ")],
)
def test_help_speaks_the_language_of_the_terminal(
    language: str, told: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", language)  # a command is made before the runner has set its own
    done = CliRunner().invoke(app, ["report", "official", "--help"])
    assert (done.exit_code, told in done.output, other in done.output) == (0, True, False)


def options_of(called: Any) -> set[str]:
    inner = [name for one in getattr(called, "commands", {}).values() for name in options_of(one)]
    return {name for param in called.params for name in param.opts} | set(inner)


def test_fields_that_have_options_are_known_by_them() -> None:
    assert {option_of(field) for field in OPTIONS} <= options_of(typer.main.get_command(app))


def test_every_field_that_a_report_is_asked_by_is_an_option() -> None:
    tree = ast.parse(Path(inspect.getfile(report_commands)).read_text(encoding="utf-8"))
    keys = [key for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys]
    fields = {key.value for key in keys if isinstance(key, ast.Constant)}
    assert {"group_by", "level", "units"} <= fields
    assert fields - OPTIONS <= {"report", "parameters", "items", "next", "H1", "Q1", "Q2", "Q3"}
