"""The command line: what it loads, and that what it prints is whole in 80 columns."""

import io
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from typing import Any, get_args

import pytest
from rich.console import Console
from rich.progress import Progress

from services import replay, tables, upload
from services.demo.half_year import COUNT
from services.province import LAST_DAY_OF_45, province_on
from services.reference import agencies
from services.report_commands import _period, _within_last_month
from services.terminal import RoleName, whole_province_on
from shared.web.auth import Role
from stats_service.on_time.rules import ON_TIME

HEAVY = ("alembic", "asyncpg", "fastapi", "httpx", "orjson", "pydantic", "sqlalchemy", "structlog", "uvicorn")
PRESSES = ("docx", "lxml", "segno", "typst", "xlsxwriter")


def an_item(**changes: Any) -> dict[str, Any]:
    item = {
        "code": "QT19-D03-181227-0014",
        "procedure": "3.000333",
        "procedure_name": "Cấp giấy phép",
        "agency": "QT19-D03",
        "agency_name": "Sở Tư pháp",
        "holder": "QT19-D03",
        "holder_name": "Sở Tư pháp",
        "due_at": "2019-01-07T17:00:00+07:00",
        "days_overdue": 1970,
        "apology_sent": False,
        "apology_recorded": True,
    }
    return {**item, **changes}


def a_report(*rows: str) -> dict[str, Any]:
    names = {name for name, _, _ in tables.COLUMNS} | {name for name, _, _, _ in tables.UPRIGHT}
    figures: dict[str, Any] = dict.fromkeys(names, 136_583)
    return {
        "group_by": "agency",
        "units": "then",
        "agency": "45",
        "agency_name": "UBND tỉnh Quảng Trị",
        "period": {"from": "2019-01-01", "to": "2019-06-30"},
        "synthetic": True,
        "total": figures,
        "rows": [{"key": f"QT19-{name[:3]}", "name": name, "depth": 0, **figures} for name in rows],
    }


def test_a_table_on_todays_map_says_so() -> None:
    for report in (a_report(), a_report("UBND Phường 3")):
        then = "".join(lines_at(80, tables.resolution_table(report)))
        today = "".join(lines_at(80, tables.resolution_table({**report, "units": "today", "synthetic": False})))
        assert ("quy về đơn vị hiện nay" in then, "quy về đơn vị hiện nay" in today) == (False, True)


@pytest.fixture(autouse=True)
def vietnamese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")


def lines_at(width: int, thing: object) -> list[str]:
    console = Console(width=width, file=io.StringIO(), color_system=None, force_terminal=True)
    console.print(thing)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_a_process_loads_what_it_uses_and_no_more() -> None:
    code = f"import sys, services.command; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", "each process of `motcua up` would pay for it; import it where it is used"


def test_a_service_loads_a_press_when_it_prints_and_not_before() -> None:
    rooms = "intake_service.app, routing_service.app, stats_service.app"
    code = f"import sys, {rooms}; print([name for name in {PRESSES} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", "each service would hold it; shared.press.presses loads a press"


def test_the_roles_offered_are_those_of_tokens() -> None:
    assert set(get_args(RoleName)) == {role.value for role in Role}


def test_the_days_of_a_report_that_are_not_given() -> None:
    today = date(2026, 11, 23)
    assert _period(None, None, today) == ("2019-01-01", "2019-06-30")
    assert _period("2026-07-01", None, today) == ("2026-07-01", "2026-11-23")
    assert _period("2025-07-01", None, today) == ("2025-07-01", "2025-12-31")
    assert _period(None, "2025-03-31", today) == ("2025-01-01", "2025-03-31")
    assert _period("2027-02-01", None, today) == ("2027-02-01", "2027-02-01"), "a day to come"
    assert _period("yesterday", None, today)[0] == "yesterday", "the service says what is wrong with it"
    assert _period("2019-12-01", "2019-01-01", today) == ("2019-12-01", "2019-01-01"), "and refuses it reversed"


def test_the_whole_province_is_the_one_in_force() -> None:
    provinces = {unit.code: unit for unit in agencies()[0] if unit.code in ("44", "45")}
    assert provinces[province_on(LAST_DAY_OF_45)].valid_to == LAST_DAY_OF_45
    assert province_on(date(2019, 6, 30)) == "45"
    assert provinces[province_on(date(2025, 7, 1))].valid_from == date(2025, 7, 1)


def test_overdue_dossiers_fit_into_80_columns_and_say_that_they_are_synthetic() -> None:
    lines = lines_at(80, tables.overdue_table([an_item()] * 50, more=True, synthetic=True))
    assert any("QT19-D03-181227-0014" in line and "07/01/2019" in line and "1.970" in line for line in lines)
    assert any("1.970 │chờ" in line for line in lines)
    assert "…" not in "".join(lines)
    assert any("ngày làm việc" in line for line in lines), "days of the week are not counted"
    assert "synthetic" in lines[-1]
    assert "synthetic" not in "".join(lines_at(80, tables.overdue_table([an_item()], more=False, synthetic=False)))


def test_overdue_dossiers_have_names_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, names in ((80, False), (200, True)):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert tables.wide() is names
    lines = lines_at(200, tables.overdue_table([an_item()], more=False, synthetic=False, names=True))
    assert any("3.000333 Cấp giấy phép" in line and "QT19-D03 Sở Tư pháp" in line for line in lines)


@pytest.mark.parametrize("columns", [80, 200])
def test_whoever_speaks_english_gets_english_tables(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("FORCE_COLOR", "1")
    tables.show_resolution(a_report("UBND Phường 3"))
    printed = capsys.readouterr().out
    assert "How dossiers were resolved" in printed
    assert "Carried" in printed
    assert "Total" in printed
    assert "Tổng" not in printed
    overdue = "\n".join(lines_at(80, tables.overdue_table([an_item()], more=True, synthetic=False)))
    assert "Overdue dossiers" in overdue
    whole = ("QT19-D03-181227-0014", "3.000333", "07/01/2019", "1.970", "kept")
    assert any(all(cell in line for cell in whole) for line in overdue.splitlines())
    assert "Apology: sent" in overdue
    assert "Xin lỗi" not in overdue
    run = dict.fromkeys(("lines_read", "created", "updated", "unchanged", "rejected"), 1)
    assert "Rejected" in "\n".join(lines_at(80, tables.import_table(run)))


LONG = "Thủ tục hỗ trợ chi phí khám chữa bệnh cho người có công " * 12


def test_a_name_of_800_letters_does_not_widen_every_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tables.show(tables.resolution_table(a_report(LONG)))
    printed = capsys.readouterr().out.splitlines()
    assert max(map(len, printed)) < 200
    told = " ".join(line.split("│")[1].strip() for line in printed if line.count("│") > 8)
    assert LONG.strip() in told, "all of it, and no syllable is broken"
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")
    tables.show_resolution(a_report(LONG))
    narrow = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, narrow.splitlines())) <= 80
    assert LONG.strip() in " ".join(narrow.split())
    assert "QT19-Thủ" in narrow, "the code that --agency takes"


@pytest.mark.parametrize("columns", [80, 125, 200])
def test_a_report_by_unit_ends_with_a_total_and_no_figure_is_cut(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("FORCE_COLOR", "1")
    tables.show_resolution(a_report("Trung tâm Phục vụ hành chính công tỉnh", "UBND Phường 3"))
    printed = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, printed.splitlines())) <= columns, "no line runs over"
    assert "Tổng" in printed
    assert printed.count("136.583") == 3 * len(tables.COLUMNS)
    assert "…" not in printed


@pytest.mark.parametrize(
    ("bar", "task", "total", "shown"),
    [
        (replay._bar, replay.TASK, COUNT, "136.583/136.583"),
        (upload._bar, "Nhập hồ sơ một cửa của huyện Vĩnh Linh năm 2019.csv", 987_600_000, "987.6/987.6 MB"),
    ],
)
def test_the_end_of_a_bar_is_not_cut(bar: Callable[[], Progress], task: str, total: int, shown: str) -> None:
    progress = bar()
    progress.add_task(task, total=total, completed=total)
    line = lines_at(80, progress.get_renderable())[0].rstrip()
    assert line.endswith(f"{shown} -:--:--")


@pytest.mark.parametrize(
    ("period", "province"),
    [("2025-06", "45"), ("2025-Q2", "45"), ("2025-H1", "45"), ("2025-07", "44"), ("2025", "44"), ("2026", "44")],
)
def test_a_named_period_belongs_to_the_province_of_its_last_month(period: str, province: str) -> None:
    assert whole_province_on(_within_last_month(period, date(2026, 11, 26))) == province


def test_the_index_of_decision_766_is_whole_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    points = {"score": None, "computed": "15.68", "max_computed": "20.00", "max_unavailable": "80.00"}
    metric = {"no": 5, "name_vi": "Tỷ lệ hồ sơ xử lý đúng hạn", "numerator": 144_625, "denominator": 184_513}
    unknown = {"no": 4, "name_vi": "Tỷ lệ hồ sơ được đồng bộ", **dict.fromkeys(("numerator", "denominator"))}
    group = {**points, "code": "TDGQ", "name_vi": "Tiến độ giải quyết", "max": "20.00"}
    progress = {"received": 2971, "on_time": 2348, "overdue": 623, "ratio": "79.03"}
    report = {
        "agency": "44",
        "agency_name": "UBND tỉnh Quảng Trị",
        "period": {"from": "2026-08-01", "to": "2026-08-31"},
        "rules": {"version": "766/1", "confirmed": False},
        "synthetic": False,
        "total": points,
        "groups": [
            {
                **group,
                "metrics": [
                    {**metric, "ratio": "78.38", "score": "15.68", "max": "20.00"},
                    {**unknown, "ratio": None, "score": None, "max": "6.00"},
                ],
            }
        ],
        "children": [{"key": "19333", "printed_name": "UBND Phường Đông Hà", "progress": progress, "total": points}],
    }
    tables.show_index_766(report)
    printed = capsys.readouterr().out
    for cell in (
        "144.625",
        "184.513",
        "78,38",
        "15,68",
        "80,00 điểm chưa tính được",
        "chưa xác nhận",
        "19333",
        "2.348",
    ):
        assert cell in printed, cell
    row = next(line for line in printed.splitlines() if "đồng bộ" in line)
    assert row.count("–") == 4, "null is a dash, not a zero"


def test_a_definition_s_rates_are_shown_with_what_they_are_made_of() -> None:
    rates = {"on_time": {"value": "97.51", "numerator": 125_638, "denominator": 128_843}}
    row = {"key": "19333", "name": "UBND Phường 3", "rates": {"on_time": {**rates["on_time"], "value": None}}}
    report = {**a_report("UBND Phường 3"), "definition": "resolved/1", "rows": [row]}
    report["total"] = {**report["total"], "rates": rates}
    definitions = [one.model_dump() for one in ON_TIME]
    shown = "\n".join(lines_at(120, tables.rates_table(report, definitions)))
    for said in ("resolved/1", "Đúng và trước hạn", "97,51", "125.638 / 128.843", "UBND Phường 3", "–"):
        assert said in shown
    assert "on_time" not in shown, "a code is no heading"
