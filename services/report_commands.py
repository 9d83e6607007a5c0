"""`motcua report`: what the stats service reports, on the terminal or into a file."""

from datetime import date, timedelta
from typing import Annotated, Any, TypeGuard

import typer

from services import tables
from services.installation import Installation
from services.language import said
from services.mistyped import Group
from services.province import PROVINCE, province_on
from services.refusals import Refused
from services.terminal import (
    DEFAULT_DIR,
    Agency,
    DataDir,
    Output,
    client_of,
    code_given,
    console,
    format_of,
    need_one_of,
    need_writable,
    running,
    whole,
    whole_province_on,
    write,
)
from shared.domain.civil_time import civil_day
from shared.web.clock import now

report_app = typer.Typer(cls=Group, no_args_is_help=True, help="Báo cáo · reports")
LETTER = {"agency": "45", "from": "2019-01-01", "to": "2019-06-30"}
PERIOD_NOT_CHOSEN = (
    "Kỳ báo cáo là 01/01/2019 – 30/06/2019 vì không nêu kỳ nào; chọn kỳ khác bằng --period, hoặc --from và --to · the "
    "period is the half-year of 2019, as none was given: choose another with --period, or --from and --to"
)

Start = Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD")]
End = Annotated[str | None, typer.Option("--to", help="Last day")]
Named = Annotated[
    str | None, typer.Option("--period", help="Instead of --from and --to: 2019, 2019-H1, 2019-Q2, 2019-06")
]
Cut = Annotated[
    str,
    typer.Option(
        help="How months are cut: calendar; 15-14, 21-20: from the 15th or 21st of the month before to the 14th or 20th"
    ),
]
Units = Annotated[str, typer.Option(help="The units as they were then, or on the map of today: then, today")]
TableOrJson = Annotated[
    str | None, typer.Option("--format", help="table, json; table, or what the file's name ends with")
]
Printable = Annotated[
    str | None,
    typer.Option("--format", help="table, json, csv, xlsx, docx, pdf; table, or what the file's name ends with"),
]
OfficialForm = Annotated[str | None, typer.Option("--form", help="ii-06a: under which form; 07a-btp is in use in 2026")]
TableRows = Annotated[str | None, typer.Option(help="ii-06a: agency, sector")]
AwaitingColumn = Annotated[
    int | None,
    typer.Option(
        parser=whole(1),
        metavar="N",
        help="ii-06a: where dossiers in term that wait for a supplement are counted: 12, 9",
    ),
]
Receiver = Annotated[str | None, typer.Option(help="ii-06a: to whom it is sent")]
AsOf = Annotated[str | None, typer.Option(help="An instant, RFC 3339: as was recorded then")]


@report_app.command("resolution")
def report_resolution(
    agency: Agency = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First day, YYYY-MM-DD; with --to alone 1 January of its year")
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", help="Last day; with --from alone the end of its year, today at the latest"),
    ] = None,
    period: Named = None,
    cut: Cut = "calendar",
    units: Units = "then",
    group_by: Annotated[
        str,
        typer.Option(
            help="none, agency, tree, level, sector, procedure, channel, month, officer; up to three joined by commas, "
            "the outermost first"
        ),
    ] = "none",
    definition: Annotated[
        str | None,
        typer.Option(help="Add the rates of a definition of on time: decree-61, decision-766, … (GET /v1/definitions)"),
    ] = None,
    as_of: AsOf = None,
    form: Printable = None,
    output: Output = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Tình hình giải quyết hồ sơ · How dossiers were resolved in a period. Without one: 1/1/2019 to 30/6/2019, the
    half-year of letter 3322/UBND-NC."""
    import orjson

    form = format_of(form, output, ("table", "json", "csv", *tables.PRINTED))
    installation = Installation(data_dir)
    stats = running(installation).stats
    chosen = start is not None or end is not None or period is not None
    days = _days(period, start, end)
    client = client_of(installation)
    whole = PROVINCE if units == "today" else _province_at_the_end(days, cut)
    asked = {"agency": agency or whole, **days, "cut": cut, "units": units, "group_by": group_by}
    more = {"definition": definition, "as_of": as_of}
    asked |= {name: value for name, value in more.items() if value is not None}
    if form == "table":
        try:
            report = client.report(stats, asked)
        except Refused as refused:
            if chosen or agency is None:
                raise
            raise type(refused)(f"{refused}\n{PERIOD_NOT_CHOSEN}") from refused
        tables.show_resolution(report)
        if definition is not None:
            definitions = client.get(f"{stats}/v1/definitions", {}).json()["on_time"]
            tables.show(tables.rates_table(report, definitions))
        if not chosen and not report["total"]["to_handle"]:
            console.print(PERIOD_NOT_CHOSEN, style="yellow", highlight=False)
    elif form == "json":
        write(output, [orjson.dumps(client.report(stats, asked), option=orjson.OPT_APPEND_NEWLINE)])
    else:
        write(output, client.stream(f"{stats}/v1/reports/resolution", {**asked, "format": form}))


@report_app.command("official")
def report_official(
    table: Annotated[str, typer.Argument(help="ii-06a, annex, late-list")],
    agency: Agency = None,
    start: Start = None,
    end: End = None,
    period: Named = None,
    cut: Cut = "calendar",
    units: Units = "then",
    as_of: AsOf = None,
    official_form: OfficialForm = None,
    rows: TableRows = None,
    awaiting_supplement_column: AwaitingColumn = None,
    receiver: Receiver = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="csv, json, xlsx, docx, pdf; csv, or what the file's name ends with"),
    ] = None,
    output: Output = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Biểu mẫu báo cáo · An official table: II.06a/VPCP/KSTT, the annex of the letter, the list of what is late.
    docs/official-tables.md tells what stands in them. JSON has the first page of a list."""
    need_one_of(table, ("ii-06a", "annex", "late-list"), "TABLE")
    only = {
        "form": official_form,
        "rows": rows,
        "awaiting_supplement_column": awaiting_supplement_column,
        "receiver": receiver,
    }
    _need_ii_06a(table, only)
    form = format_of(form, output, ("csv", "json", *tables.PRINTED))
    _need_period(period, start, end)
    installation = Installation(data_dir)
    stats = running(installation).stats
    days = _days(period, start, end)
    whole = PROVINCE if units == "today" else _province_at_the_end(days, cut)
    asked = {"agency": agency or whole, **days, "cut": cut, "units": units, "format": form}
    more = {"as_of": as_of, **only}
    asked |= {name: str(value) for name, value in more.items() if value is not None}
    write(output, client_of(installation).stream(f"{stats}/v1/reports/official-tables/{table}", asked))


@report_app.command("seal")
def report_seal(
    report: Annotated[str, typer.Argument(help="resolution, ii-06a, annex")],
    agency: Agency = None,
    start: Start = None,
    end: End = None,
    period: Named = None,
    cut: Cut = "calendar",
    group_by: Annotated[
        str | None, typer.Option(help="resolution: what the rows are, tree unless said; see motcua report resolution")
    ] = None,
    official_form: OfficialForm = None,
    rows: TableRows = None,
    awaiting_supplement_column: AwaitingColumn = None,
    receiver: Receiver = None,
    note: Annotated[str | None, typer.Option(help="Stands in the edition for good; no personal data")] = None,
    corrects: Annotated[
        int | None, typer.Option(parser=whole(1), metavar="ID", help="The id of the edition that it corrects")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is corrected")] = None,
    form: TableOrJson = None,
    output: Output = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Chốt báo cáo · Seal a report as it is now, or correct a sealed edition with a new one. docs/editions.md."""
    need_one_of(report, ("resolution", "ii-06a", "annex"), "REPORT")
    form = format_of(form, output, ("table", "json"))
    _need_period(period, start, end)
    installation = Installation(data_dir)
    stats = running(installation).stats
    days = _days(period, start, end)
    own: dict[str, object] = {
        "group_by": group_by or ("tree" if report == "resolution" else None),
        "form": official_form,
        "rows": rows,
        "awaiting_supplement_column": awaiting_supplement_column,
        "receiver": receiver,
    }
    asked: dict[str, object] = {"agency": agency or _province_at_the_end(days, cut), **days, "cut": cut}
    asked |= {name: value for name, value in own.items() if value is not None}
    told = {"note": note, "corrects": corrects, "reason": reason}
    body = {"report": report, "parameters": asked, **{name: value for name, value in told.items() if value is not None}}
    need_writable(output)
    answer = client_of(installation).post(f"{stats}/v1/reports/editions", body)
    if form == "json":
        try:
            write(output, [answer.content + b"\n"])
        except typer.BadParameter as unwritten:  # a full disk
            number = answer.json()["id"]
            raise Refused(
                f"Đã chốt (bản {number}), nhưng {unwritten.message}\nIt is sealed (edition {number}) all the same."
            ) from unwritten
    else:
        tables.show(tables.editions_table([answer.json()]))


@report_app.command("editions")
def report_editions(
    agency: Annotated[
        str | None, typer.Option(parser=code_given, metavar="CODE", help="Of this agency, and of all under it")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", help="table (the newest 50), or all of them: json; table, or what the file's name ends with"
        ),
    ] = None,
    output: Output = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Các bản chốt · Sealed editions, the newest first. docs/editions.md."""
    import orjson

    form = format_of(form, output, ("table", "json"))
    installation = Installation(data_dir)
    stats = running(installation).stats
    client, address = client_of(installation), f"{stats}/v1/reports/editions"
    asked = {"agency": agency} if agency else {}
    if form == "json":
        whole = {"items": list(client.items(address, asked)), "next": None}
        write(output, [orjson.dumps(whole, option=orjson.OPT_APPEND_NEWLINE)])
    else:
        page = client.get(address, asked).json()
        tables.show(tables.editions_table(page["items"], more=page["next"] is not None))


@report_app.command("edition")
def report_edition(
    edition_id: Annotated[int, typer.Argument(parser=whole(1), metavar="ID", help="Its id: motcua report editions")],
    form: Annotated[
        str | None,
        typer.Option("--format", help="json, csv, xlsx, docx, pdf; json, or what the file's name ends with"),
    ] = None,
    receiver: Annotated[
        str | None, typer.Option(help="ii-06a: to whom this print is sent, if not to whom the edition says")
    ] = None,
    output: Output = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Nội dung một bản chốt · An edition: in JSON its bytes as they were sealed, whose SHA-256 is the edition's; else
    the table to be signed."""
    form = format_of(form, output, ("json", "csv", *tables.PRINTED))
    if receiver is not None and form == "json":
        raise typer.BadParameter("chỉ dùng cho bản in · only of a print: csv, xlsx, docx, pdf", param_hint="--receiver")
    installation = Installation(data_dir)
    address = f"{running(installation).stats}/v1/reports/editions/{edition_id}"
    sent = {"receiver": receiver} if receiver is not None else {}
    road, asked = ("content", {}) if form == "json" else ("print", {"format": form, **sent})
    write(output, client_of(installation).stream(f"{address}/{road}", asked))


@report_app.command("index-766")
def report_index_766(
    agency: Agency = None,
    period: Annotated[
        str | None, typer.Option(help="2026, 2026-H1, 2026-Q3 or 2026-08; the last month that has ended unless given")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD, in place of --period")] = None,
    end: End = None,
    cut: Cut = "calendar",
    level: Annotated[
        str | None, typer.Option(help="Of the units below only those scored at this level: province, commune")
    ] = None,
    rules: Annotated[str | None, typer.Option(help="A rule version by name, for a trial; docs/index-766.md")] = None,
    as_of: AsOf = None,
    form: Printable = None,
    output: Output = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Bộ chỉ số theo Quyết định 766/QĐ-TTg · The index of Decision 766, as far as it can be computed here."""
    form = format_of(form, output, ("table", "json", "csv", *tables.PRINTED))
    installation = Installation(data_dir)
    stats = running(installation).stats
    today = civil_day(now())
    if period is None and start is None and end is None:
        period = f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    last = end or _within_last_month(period or "", today)
    days = {"period": period, "from": start, "to": end, "cut": cut}
    given = {"agency": agency or whole_province_on(last), **days, "level": level, "rules": rules, "as_of": as_of}
    asked = {name: value for name, value in given.items() if value is not None}
    client, address = client_of(installation), f"{stats}/v1/reports/index-766"
    if form == "table":
        tables.show_index_766(client.get(address, asked).json())
    elif form == "json":
        write(output, [client.get(address, asked).content + b"\n"])
    else:
        write(output, client.stream(address, {**asked, "format": form}))


def _need_ii_06a(table: str, only: dict[str, Any]) -> None:
    """Refuse of another table what only that of 13 columns has, by the name that was typed."""
    typed = [f"--{name.replace('_', '-')}" for name, value in only.items() if value is not None]
    if typed and table != "ii-06a":
        raise typer.BadParameter("chỉ dùng cho · only of: ii-06a", param_hint=", ".join(typed))


def _need_period(period: str | None, start: str | None, end: str | None) -> None:
    """What is sent or signed is of a period that somebody named."""
    if period is None and start is None and end is None:
        raise typer.BadParameter(
            said(
                "phải nêu kỳ: --period 2019-H1 (2019, 2019-Q2, 2019-06), hoặc --from và --to",
                "a period is needed: --period 2019-H1 (2019, 2019-Q2, 2019-06), or --from and --to",
            ),
            param_hint="--period",
        )


def _days(period: str | None, start: str | None, end: str | None) -> dict[str, str]:
    """The period as it is asked for. A name beside days is left to the service to refuse."""
    if period is None:
        start, end = _period(start, end, civil_day(now()))
    given = {"period": period, "from": start, "to": end}
    return {name: value for name, value in given.items() if value is not None}


def _province_at_the_end(days: dict[str, str], cut: str) -> str:
    """The code of the whole province at the end of the period: of today, where that is no day."""
    if "period" not in days:
        return whole_province_on(days.get("to"))
    from shared.web.problems import Problem
    from stats_service.periods.rules import BEGINS_ON, days_of

    try:
        return province_on(days_of(days["period"], BEGINS_ON.get(cut, 1))[1])  # type: ignore[call-overload]
    except Problem:
        return PROVINCE


def _period(start: str | None, end: str | None, today: date) -> tuple[str | None, str | None]:
    """The days of a report, where one or both are not given. What is no day is left to the service to refuse, alone: a
    day that nobody gave is not to blame."""
    if start is None and end is None:
        return LETTER["from"], LETTER["to"]
    if start is None and _is_day(end):
        return f"{end[:4]}-01-01", end
    if end is None and _is_day(start):
        return start, max(start, min(f"{start[:4]}-12-31", str(today)))
    return start, end


def _is_day(text: str | None) -> TypeGuard[str]:
    """Whether it is a day as services take one."""
    try:
        return text is not None and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _within_last_month(period: str, today: date) -> str:
    """A day of the last month of a period that is named, today at the latest: provinces change with a month."""
    year, _, part = period.partition("-")
    month = {"H1": "06", "Q1": "03", "Q2": "06", "Q3": "09"}.get(part, "12" if part[:1] in "HQ" else part)
    return min(f"{year}-{month}-01", str(today))
