"""The `motcua` command. What takes long to load (the rooms, Alembic, an HTTP client) is imported by the command that
needs it: each process of `motcua up` comes through here, and 0.8 s of the processor went into what it did not use."""

import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console
from typer.core import TyperGroup

from services import launcher, tables
from services.installation import Addresses, Installation
from services.province import PROVINCE, province_on
from services.refusals import Refused
from shared.domain.civil_time import civil_day
from shared.web.clock import now

if TYPE_CHECKING:
    from services.client import Client
    from services.reference import LoadSummary


class _Commands(TyperGroup):
    """What a command cannot do is told in words, and the exit status is 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Refused as refused:
            _fail(str(refused))


app = typer.Typer(
    name="motcua",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    help="Phần mềm một cửa điện tử · the one-stop shop backend",
)
report_app = typer.Typer(no_args_is_help=True, help="Báo cáo · reports")
app.add_typer(report_app, name="report")
console = Console(stderr=True, soft_wrap=True)


def _data_dir(given: str | Path) -> Path:
    if not str(given):  # the current directory, to a Path
        raise typer.BadParameter("không được để trống · must not be empty", param_hint="--data-dir")
    return Path(given)


DataDir = Annotated[
    Path,
    typer.Option(
        parser=_data_dir, metavar="DIRECTORY", help="Where the embedded database, keys and addresses are kept"
    ),
]
Output = Annotated[Path | None, typer.Option(dir_okay=False, help="Where the file goes; the terminal unless given")]
DEFAULT_DIR = Path(".motcua")
DEFAULT_PORTS = ",".join(map(str, launcher.DEFAULT_PORTS))
#: The roles of shared.web.auth, which loads the whole of the web's plumbing. A test holds the two together.
RoleName = Literal["citizen", "counter", "handler", "leader", "supervisor", "admin", "machine"]
REPLAYS = ("quang-tri-2019-h1", "none")
LETTER = {"agency": "45", "from": "2019-01-01", "to": "2019-06-30"}
PERIOD_NOT_CHOSEN = (
    "Kỳ báo cáo là 01/01/2019 – 30/06/2019 vì không nêu kỳ nào; chọn kỳ khác bằng --from và --to · the period is the "
    "half-year of 2019, as none was given: choose another with --from and --to"
)
AMONG_SYNTHETIC = (
    "Bản cài đặt này có dữ liệu mô phỏng: mọi báo cáo của nó đều ghi là không phải hồ sơ thật. Hồ sơ thật nên nhập vào "
    "bản cài đặt khác (--data-dir).\nThis installation holds synthetic records, and each of its reports says so. "
    "Import real dossiers into another one (--data-dir)."
)
WHOLE_PROVINCE = "Agency code, with all under it; the whole province unless given: 45 until 30/6/2025, 44 since"


@app.command()
def up(
    replay: Annotated[
        str | None,
        typer.Option(help="quang-tri-2019-h1 (synthetic), or none; unless given, as before in this directory"),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop after the table instead of serving on")] = False,
    data_dir: DataDir = DEFAULT_DIR,
    ports: Annotated[str, typer.Option(help="Of intake, routing, stats; 0 is any free one")] = DEFAULT_PORTS,
) -> None:
    """Từ chưa có gì đến hệ thống đang chạy · From nothing to a running system: database, schema, reference data, three
    services, the table of resolution."""
    if replay is not None:
        _need_one_of(replay, REPLAYS, "--replay")
    wanted = _ports(ports)
    installation = Installation(data_dir)
    installation.prepare()
    chosen = replay or installation.replay() or REPLAYS[0]
    try:
        with launcher.interruptible(), launcher.Database(installation) as database:
            console.print("Cơ sở dữ liệu sẵn sàng · database ready")
            with launcher.Services(installation, database.url, wanted) as services:
                _prepare(database.url)
                services.await_ready()
                replayed = chosen != "none" and _replay(installation, services.addresses, asked=replay is not None)
                if replay:
                    installation.note_replay(replay)
                if not once:
                    _invite(installation, services.addresses, replayed=replayed)
                    console.print("Ctrl-C để dừng · Ctrl-C stops everything")
                    launcher.watch(database, services, lambda line: console.print(line, style="yellow"))
        console.print(f"Đã dừng; chạy tiếp · stopped; to serve on: {_same(data_dir, replay, ports)}", highlight=False)
    except launcher.Stopped as stopped:
        console.print("Đã dừng · stopped")
        if once:  # it was to end with the table
            raise typer.Exit(128 + stopped.number) from stopped


@app.command()
def serve(
    room: Annotated[str, typer.Argument(help="intake, routing, stats, or worker")],
    host: str = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="8001, 8002, 8003 unless given")] = None,
) -> None:
    """Chạy một tiến trình · One process: a service, or the worker that runs the consumers of all rooms. Settings:
    MOTCUA_*."""
    from services import serve as server
    from shared.web.settings import SettingsMissing

    _need_one_of(room, (*server.ROOMS, "worker"), "ROOM")
    try:
        if room == "worker":
            server.work()
        else:
            server.serve(room, host, port or launcher.DEFAULT_PORTS[launcher.ROOMS.index(room)])
    except SettingsMissing as missing:
        console.print(str(missing), style="red", highlight=False)
        raise typer.Exit(1) from missing


@app.command()
def migrate(data_dir: DataDir = DEFAULT_DIR) -> None:
    """Cập nhật cơ sở dữ liệu · Bring schema, grants and reference data of the database up to date."""
    from services.preparation import prepare

    installation = Installation(data_dir)
    installation.prepare()
    with launcher.Database(installation) as database:
        console.print(f"Danh mục · reference data: {_loaded(prepare(database.url))}")


@app.command()
def token(
    role: Annotated[RoleName, typer.Option(help="What the holder is")],
    agency: Annotated[str, typer.Option(help="Code of the agency whose subtree it covers")],
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 366)] = 12,
    subject: Annotated[str, typer.Option(help="Who holds it; role@agency unless given")] = "",
    id_number: Annotated[str, typer.Option(help="Of a citizen: whose dossiers it shows when they are tracked")] = "",
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Cấp mã truy cập nội bộ · Issue a token of embedded mode."""
    from services.reference import agencies

    if agency not in {unit.code for unit in agencies()[0]}:
        console.print(
            f"{agency} không có trong danh mục cơ quan · is no agency of the reference data; the token holds if it was"
            " added since",
            style="yellow",
        )
    installation = Installation(data_dir)
    installation.need()
    known = installation.has_keys
    issuer = installation.issuer
    if not known:
        console.print(
            f"{data_dir}: chưa có khóa, đã tạo khóa mới · had no keys; new ones were made, and only services that "
            "know them take this token",
            style="yellow",
        )
    issued = issuer.token(role=role, agency=agency, now=now(), subject=subject, hours=hours, id_number=id_number)
    print(issued)


@app.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, readable=True, help="Its name ends in .csv, .ndjson or .jsonl; docs/import.md"
        ),
    ],
    rejects: Annotated[
        Path | None,
        typer.Option(
            help="Where the numbers of rejected lines and every reason go; beside FILE as NAME.rejects.ndjson unless"
            " given"
        ),
    ] = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="The records are made up; reports say so")] = False,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Nhập hồ sơ từ hệ thống khác · Import dossiers of another system from CSV or NDJSON: docs/import.md tells how to
    write one. The same file twice changes nothing. Exit status 3: some lines were rejected, the others landed."""
    from services.upload import rejects_file, upload, write_rejects

    installation = Installation(data_dir)
    addresses, bearer = _running(installation), _token(installation, "admin")
    intake = addresses.intake
    if not synthetic and _client(installation).synthetic(addresses.stats, PROVINCE, civil_day(now())):
        console.print(AMONG_SYNTHETIC, style="yellow", highlight=False)
    to = rejects or rejects_file(file)
    run = upload(intake, bearer, file, synthetic=synthetic, rejects_to=to)
    tables.show(tables.import_table(run))
    if run["rejected"]:
        write_rejects(intake, bearer, run, to)
        console.print(f"Dòng bị từ chối và lý do · rejected lines and why: {to}", style="yellow")
        raise typer.Exit(3)
    if rejects is None:
        to.unlink(missing_ok=True)  # of an earlier run, and no longer true


@report_app.command("resolution")
def report_resolution(
    agency: Annotated[str | None, typer.Option(help=WHOLE_PROVINCE)] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First day, YYYY-MM-DD; with --to alone 1 January of its year")
    ] = None,
    end: Annotated[
        str | None,
        typer.Option("--to", help="Last day; with --from alone the end of its year, today at the latest"),
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="Instead of --from and --to: 2019, 2019-H1, 2019-Q2, 2019-06")
    ] = None,
    cut: Annotated[str, typer.Option(help="How months are cut: calendar, 15-14, 21-20")] = "calendar",
    units: Annotated[
        str, typer.Option(help="The units as they were then, or on the map of today: then, today")
    ] = "then",
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
    as_of: Annotated[str | None, typer.Option(help="An instant, RFC 3339: as was recorded then")] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="table, json, csv, xlsx, docx, pdf; table, or what the file's name ends with"),
    ] = None,
    output: Output = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Tình hình giải quyết hồ sơ · How dossiers were resolved in a period. Without one: 1/1/2019 to 30/6/2019, the
    half-year of letter 3322/UBND-NC."""
    import orjson

    form = _format(form, output, ("table", "json", "csv", *tables.PRINTED))
    installation = Installation(data_dir)
    stats = _running(installation).stats
    chosen = start is not None or end is not None or period is not None
    days = _days(period, start, end)
    client = _client(installation)
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
            raise Refused(f"{refused}\n{PERIOD_NOT_CHOSEN}") from refused
        tables.show_resolution(report)
        if definition is not None:
            tables.show(tables.rates_table(report))
        if not chosen and not report["total"]["to_handle"]:
            console.print(PERIOD_NOT_CHOSEN, style="yellow", highlight=False)
    elif form == "json":
        _write(output, [orjson.dumps(client.report(stats, asked), option=orjson.OPT_APPEND_NEWLINE)])
    else:
        _write(output, client.stream(f"{stats}/v1/reports/resolution", {**asked, "format": form}))


@report_app.command("official")
def report_official(
    table: Annotated[str, typer.Argument(help="ii-06a, annex, late-list")],
    agency: Annotated[str | None, typer.Option(help=WHOLE_PROVINCE)] = None,
    start: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day")] = None,
    period: Annotated[
        str | None, typer.Option(help="Instead of --from and --to: 2019, 2019-H1, 2019-Q2, 2019-06")
    ] = None,
    cut: Annotated[str, typer.Option(help="How months are cut: calendar, 15-14, 21-20")] = "calendar",
    as_of: Annotated[str | None, typer.Option(help="An instant, RFC 3339: as was recorded then")] = None,
    official_form: Annotated[
        str | None, typer.Option("--form", help="ii-06a: under which form; 07a-btp is in use in 2026")
    ] = None,
    rows: Annotated[str | None, typer.Option(help="ii-06a: agency, sector")] = None,
    awaiting_supplement_column: Annotated[
        int | None, typer.Option(help="ii-06a: where dossiers in term that wait for a supplement are counted: 12, 9")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="csv, json, xlsx, docx, pdf; csv, or what the file's name ends with"),
    ] = None,
    output: Output = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Biểu mẫu báo cáo · An official table: II.06a/VPCP/KSTT, the annex of the letter, the list of what is late.
    docs/official-tables.md tells what stands in them. JSON has the first page of a list."""
    _need_one_of(table, ("ii-06a", "annex", "late-list"), "TABLE")
    form = _format(form, output, ("csv", "json", *tables.PRINTED))
    installation = Installation(data_dir)
    stats = _running(installation).stats
    days = _days(period, start, end)
    asked = {"agency": agency or _province_at_the_end(days, cut), **days, "cut": cut, "format": form}
    only = {"form": official_form, "rows": rows, "awaiting_supplement_column": awaiting_supplement_column}
    more = {"as_of": as_of, **only}
    asked |= {name: str(value) for name, value in more.items() if value is not None}
    _write(output, _client(installation).stream(f"{stats}/v1/reports/official-tables/{table}", asked))


@report_app.command("seal")
def report_seal(
    report: Annotated[str, typer.Argument(help="resolution")],
    agency: Annotated[str | None, typer.Option(help=WHOLE_PROVINCE)] = None,
    start: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day")] = None,
    period: Annotated[
        str | None, typer.Option(help="Instead of --from and --to: 2019, 2019-H1, 2019-Q2, 2019-06")
    ] = None,
    cut: Annotated[str, typer.Option(help="How months are cut: calendar, 15-14, 21-20")] = "calendar",
    group_by: Annotated[str, typer.Option(help="What the rows are: see motcua report resolution")] = "tree",
    note: Annotated[str | None, typer.Option(help="Stands in the edition for good; no personal data")] = None,
    corrects: Annotated[int | None, typer.Option(min=1, help="The id of the edition that it corrects")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is corrected")] = None,
    form: Annotated[str, typer.Option("--format", help="table, json")] = "table",
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Chốt báo cáo · Seal a report as it is now, or correct a sealed edition with a new one. docs/editions.md."""
    _need_one_of(report, ("resolution",), "REPORT")
    _need_one_of(form, ("table", "json"), "--format")
    if period is None and start is None and end is None:
        raise typer.BadParameter(
            "phải nêu kỳ · a period is needed: --period, or --from and --to", param_hint="--period"
        )
    installation = Installation(data_dir)
    stats = _running(installation).stats
    days = _days(period, start, end)
    asked = {"agency": agency or _province_at_the_end(days, cut), **days, "cut": cut, "group_by": group_by}
    told = {"note": note, "corrects": corrects, "reason": reason}
    body = {"report": report, "parameters": asked, **{name: value for name, value in told.items() if value is not None}}
    answer = _client(installation).post(f"{stats}/v1/reports/editions", body)
    if form == "json":
        _put(answer.content + b"\n")
    else:
        tables.show(tables.editions_table([answer.json()]))


@report_app.command("editions")
def report_editions(
    agency: Annotated[str | None, typer.Option(help="Of this agency, and of all under it")] = None,
    form: Annotated[str, typer.Option("--format", help="table (the newest 50), json")] = "table",
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Các bản chốt · Sealed editions, the newest first. docs/editions.md."""
    _need_one_of(form, ("table", "json"), "--format")
    installation = Installation(data_dir)
    stats = _running(installation).stats
    answer = _client(installation).get(f"{stats}/v1/reports/editions", {"agency": agency} if agency else {})
    if form == "json":
        _put(answer.content + b"\n")
    else:
        tables.show(tables.editions_table(answer.json()["items"]))


@report_app.command("edition")
def report_edition(
    number: Annotated[int, typer.Argument(min=1, help="Its id: motcua report editions")],
    output: Output = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Nội dung một bản chốt · The bytes of an edition as they were sealed: their SHA-256 is the edition's."""
    installation = Installation(data_dir)
    stats = _running(installation).stats
    _write(output, _client(installation).stream(f"{stats}/v1/reports/editions/{number}/content", {}))


@report_app.command("index-766")
def report_index_766(
    agency: Annotated[str | None, typer.Option(help=WHOLE_PROVINCE)] = None,
    period: Annotated[
        str | None, typer.Option(help="2026, 2026-H1, 2026-Q3 or 2026-08; the last month that has ended unless given")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD, in place of --period")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Last day")] = None,
    rules: Annotated[str | None, typer.Option(help="A rule version by name, for a trial; docs/index-766.md")] = None,
    form: Annotated[str, typer.Option("--format", help="table, json")] = "table",
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Bộ chỉ số theo Quyết định 766/QĐ-TTg · The index of Decision 766, as far as it can be computed here."""
    _need_one_of(form, ("table", "json"), "--format")
    installation = Installation(data_dir)
    stats = _running(installation).stats
    today = civil_day(now())
    if period is None and start is None and end is None:
        period = f"{today.replace(day=1) - timedelta(days=1):%Y-%m}"
    last = end or _within_last_month(period or "", today)
    asked = {"agency": agency or _province_on(last), "period": period, "from": start, "to": end, "rules": rules}
    answer = _client(installation).get(
        f"{stats}/v1/reports/index-766", {name: value for name, value in asked.items() if value}
    )
    if form == "json":
        _put(answer.content + b"\n")
    else:
        tables.show_index_766(answer.json())


@app.command()
def overdue(
    agency: Annotated[str | None, typer.Option(help=WHOLE_PROVINCE)] = None,
    as_of: Annotated[str | None, typer.Option(help="An instant, RFC 3339; now unless given")] = None,
    apology: Annotated[
        str, typer.Option(help="Only those whose applicant was sent an apology, or was sent none: sent, none, any")
    ] = "any",
    form: Annotated[
        str, typer.Option("--format", help="table (the first 50), or all of them: json, csv, ndjson")
    ] = "table",
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Hồ sơ quá hạn · Dossiers that are late now, or were at an instant. The first late come first."""
    _need_one_of(form, ("table", "json", "csv", "ndjson"), "--format")
    installation = Installation(data_dir)
    addresses = _running(installation)
    client = _client(installation)
    asked = {"agency": agency or _province_on(as_of), "apology": apology, **({"as_of": as_of} if as_of else {})}
    path = f"{addresses.routing}/v1/overdue"
    if form == "table":
        page = client.get(path, {**asked, "limit": "50"}).json()
        synthetic = client.synthetic(addresses.stats, PROVINCE, civil_day(now()))
        tables.show(
            tables.overdue_table(page["items"], more=page["next"] is not None, synthetic=synthetic, names=tables.wide())
        )
    elif form == "json":  # a page that holds them all: the list of lines in brackets
        lines = b"".join(client.stream(path, {**asked, "format": "ndjson"})).splitlines()
        _put(b'{"items":[' + b",".join(lines) + b'],"next":null}\n')
    else:
        for block in client.stream(path, {**asked, "format": form}):
            _put(block)


@app.command()
def verify(
    form: Annotated[str, typer.Option("--format", help="table, json")] = "table",
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Kiểm chứng số liệu · Recount everything from raw events, and check every chain: docs/verify.md tells how to read
    a difference. Services may go on. Exit status 0: no difference; 1: some, all printed; 2: not verified."""
    from services import verification

    _need_one_of(form, ("table", "json"), "--format")
    try:
        with verification.Kept() as kept, launcher.reached(Installation(data_dir)) as url:
            outcome = verification.verify(url, console, kept.add)
            tell = verification.put_as_json if form == "json" else verification.show
            tell(outcome, kept)
    except Refused as refused:
        console.print(str(refused), style="red", highlight=False)
        raise typer.Exit(2) from refused
    except KeyboardInterrupt as interrupt:  # 1 would say that something differs
        raise typer.Exit(2) from interrupt
    if outcome.differences:
        raise typer.Exit(1)


@app.command("rebuild-counts")
def rebuild_counts(data_dir: DataDir = DEFAULT_DIR) -> None:
    """Đếm lại từ sự kiện gốc · Make the counts anew from raw events, while the services serve. Stopped at any time, it
    has changed nothing yet, or everything: run it again."""
    from services import verification

    with launcher.reached(Installation(data_dir)) as url:
        tables.show(verification.rebuilt_table(verification.rebuild_counts(url, console)))


@app.command()
def contracts(
    check: Annotated[bool, typer.Option("--check", help="Only say whether they are current")] = False,
) -> None:
    """Ghi hoặc kiểm tra openapi.json · Write each service's openapi.json from its code, or check
    that the committed ones are current."""
    from services import contracts as files

    if not check:
        files.write()
        return
    stale = files.stale()
    if stale:
        console.print(
            f"Bản mô tả đã cũ · stale contracts: {', '.join(stale)}. Run `motcua contracts` and review the difference.",
            style="red",
        )
        raise typer.Exit(1)


def _need_one_of(given: str, choices: Sequence[str], place: str) -> None:
    if given not in choices:
        raise typer.BadParameter(f"phải là một trong · must be one of: {', '.join(choices)}", param_hint=place)


def _format(given: str | None, output: Path | None, choices: Sequence[str]) -> str:
    """The format asked for; else what the file's name ends with; else the first. What is no text is not put on a
    terminal, and a table for the terminal into no file."""
    if given is None and output is not None and output.suffix:
        given = output.suffix.removeprefix(".").lower()
        if given not in choices or given == "table":
            files = ", ".join(f".{choice}" for choice in choices if choice != "table")
            raise typer.BadParameter(
                f"tên tệp phải kết thúc bằng · the file's name must end with one of: {files}; hoặc nêu · or name"
                " --format",
                param_hint="--output",
            )
    form = given or choices[0]
    _need_one_of(form, choices, "--format")
    if form == "table" and output is not None:
        raise typer.BadParameter(
            "bảng chỉ để xem trên màn hình · a table is for the terminal; name another --format", param_hint="--format"
        )
    if form in tables.PRINTED and output is None and sys.stdout.isatty():
        raise typer.BadParameter("cần tên tệp · a file is needed", param_hint="--output")
    return form


def _write(output: Path | None, blocks: Iterable[bytes]) -> None:
    """Into the file, once the first of it has come: a refusal leaves what was there as it was."""
    if output is None:
        for block in blocks:
            _put(block)
        return
    parts = iter(blocks)
    first = next(parts, b"")
    try:
        with output.open("wb") as file:
            file.write(first)
            file.writelines(parts)
    except OSError as error:
        raise typer.BadParameter(
            f"{output}: không ghi được · cannot be written ({error.strerror})", param_hint="--output"
        ) from error


def _ports(text: str) -> list[int]:
    parts = text.split(",")
    if len(parts) != 3 or not all(part.isdigit() and int(part) < 65536 for part in parts):
        raise typer.BadParameter(
            "cần ba cổng từ 0 đến 65535 · three ports from 0 to 65535 are needed, e.g. 8001,8002,8003",
            param_hint="--ports",
        )
    ports = [int(part) for part in parts]
    fixed = [port for port in ports if port]
    if len(set(fixed)) < len(fixed):
        raise typer.BadParameter(
            "ba cổng phải khác nhau · the three ports must differ; only 0 may repeat", param_hint="--ports"
        )
    return ports


def _days(period: str | None, start: str | None, end: str | None) -> dict[str, str]:
    """The period as it is asked for. A name beside days is left to the service to refuse."""
    if period is not None:
        given = {"period": period, "from": start, "to": end}
        return {name: value for name, value in given.items() if value is not None}
    start, end = _period(start, end, civil_day(now()))
    return {"from": start, "to": end}


def _province_at_the_end(days: dict[str, str], cut: str) -> str:
    """The code of the whole province at the end of the period: of today, where that is no day."""
    if "period" not in days:
        return _province_on(days["to"])
    from shared.web.problems import Problem
    from stats_service.periods.rules import BEGINS_ON, days_of

    try:
        return province_on(days_of(days["period"], BEGINS_ON.get(cut, 1))[1])  # type: ignore[call-overload]
    except Problem:
        return PROVINCE


def _period(start: str | None, end: str | None, today: date) -> tuple[str, str]:
    """The days of a report, where one or both are not given. What is no day is left to the service to refuse."""
    if start is None:
        return (f"{end[:4]}-01-01", end) if end else (LETTER["from"], LETTER["to"])
    return start, end or max(start, min(f"{start[:4]}-12-31", str(today)))


def _program() -> str:
    """This command as it was called, to be pasted again in the same directory."""
    called = sys.argv[0]
    return shlex.quote(called) if Path(called).name == "motcua" else f"{shlex.quote(sys.executable)} -m services"


def _same(data_dir: Path, replay: str | None, ports: str) -> str:
    """`up` with the options of this one."""
    given = [("--data-dir", str(data_dir), str(DEFAULT_DIR)), ("--replay", replay, None)]
    given.append(("--ports", ports, DEFAULT_PORTS))
    options = [f" {name} {shlex.quote(value)}" for name, value, default in given if value and value != default]
    return f"{_program()} up{''.join(options)}"


def _prepare(url: str) -> None:
    from services.preparation import is_prepared, prepare

    found = "không đổi · unchanged" if is_prepared(url) else _loaded(prepare(url))
    console.print(f"Danh mục · reference data: {found}")


def _loaded(loaded: "LoadSummary") -> str:
    if not loaded.anything:
        return "không đổi · unchanged"
    parts = {
        "cơ quan · agencies": loaded.agencies.added + loaded.agencies.changed,
        "ngày trong lịch · calendar days": loaded.calendar.added + loaded.calendar.changed,
        "thủ tục · procedures": loaded.procedures.added + loaded.procedures.changed,
        "quy định bổ sung · supplement rules": loaded.supplement_rules.added + loaded.supplement_rules.changed,
        "mẫu biểu · forms": loaded.forms.forms,
        "biểu báo cáo · official tables": loaded.official_forms.forms,
        "quy trình mẫu · example workflows": loaded.workflows,
    }
    return "".join(f"\n  {tables.number(count)} {name}" for name, count in parts.items())


def _replay(installation: Installation, addresses: Addresses, *, asked: bool) -> bool:
    """The half-year of the letter, unless it is there; and the letter's table. It goes to no installation with real
    dossiers: with an error where it was `asked` for, else the installation is left as it is. Whether it is there."""
    from services.replay import RealDossiers, replay

    try:
        run = replay(addresses, _token(installation, "admin"), civil_day(now()))
    except RealDossiers as refused:
        if asked:
            raise
        console.print(str(refused), style="yellow", highlight=False)
        return False
    report = _client(installation).report(addresses.stats, LETTER)
    if run is None:
        console.print("Hồ sơ · dossiers: không đổi · unchanged")
    else:
        parts = {
            "đã nhập · imported": "created",
            "không đổi · unchanged": "unchanged",
            "từ chối · rejected": "rejected",
        }
        counts = (f"{tables.number(run[key])} {name}" for name, key in parts.items() if run[key])
        console.print(f"Hồ sơ · dossiers: {', '.join(counts)}")
    tables.show_resolution(report)
    return True


def _invite(installation: Installation, addresses: Addresses, *, replayed: bool) -> None:
    """What to try: of the half-year where it was replayed, else of this year up to now."""
    today = civil_day(now())
    day = date.fromisoformat(LETTER["to"]) if replayed else today
    since = LETTER["from"] if replayed else f"{today.year}-01-01"
    then = f" -d as_of={day}T17:00:00%2B07:00" if replayed else ""
    routing, stats, agency = addresses.routing, addresses.stats, province_on(day)
    place = "" if installation.data_dir == DEFAULT_DIR else f" --data-dir {shlex.quote(str(installation.data_dir))}"
    leader = '-H "Authorization: Bearer $TOKEN"'
    typer.echo("Tra cứu giao diện lập trình · API docs (offline):")
    typer.echo(f"  {addresses.intake}/docs  {routing}/docs\n  {stats}/docs")
    typer.echo("Để thử trong cửa sổ khác · to try from another terminal, same directory:")
    typer.echo("  cơ quan, tình hình giải quyết, quá hạn · agencies, how resolved, what is late;")
    typer.echo("  để dễ đọc thêm · to read it, add: | python3 -m json.tool --no-ensure-ascii")
    typer.echo(f"TOKEN=$({_program()} token --role leader --agency {PROVINCE}{place})")
    typer.echo(f'curl -s "{routing}/v1/agencies?as_of={day}&limit=5"')
    typer.echo(f"curl -sG {stats}/v1/reports/resolution -d agency={agency} \\")
    typer.echo(f"  -d from={since} -d to={day} {leader}")
    typer.echo(f"curl -sG {routing}/v1/overdue -d agency={agency} -d limit=5 \\")
    typer.echo(f" {then} {leader}")


def _running(installation: Installation) -> Addresses:
    intake, routing, stats = (os.environ.get(f"MOTCUA_{room.upper()}_URL") for room in launcher.ROOMS)
    given = Addresses(intake, routing, stats, pid=0) if intake and routing and stats else None
    addresses = given or installation.running()
    if addresses is None:
        raise Refused(
            f"Chưa có gì chạy trong {installation.data_dir}; hãy chạy `motcua up`.\n"
            f"Nothing runs in {installation.data_dir}. Start it with `motcua up`, or name the services in"
            " MOTCUA_INTAKE_URL, MOTCUA_ROUTING_URL and MOTCUA_STATS_URL."
        )
    return addresses


def _within_last_month(period: str, today: date) -> str:
    """A day of the last month of a period that is named, today at the latest: provinces change with a month."""
    year, _, part = period.partition("-")
    month = {"H1": "06", "Q1": "03", "Q2": "06", "Q3": "09"}.get(part, "12" if part[:1] in "HQ" else part)
    return min(f"{year}-{month}-01", str(today))


def _province_on(text: str | None) -> str:
    """The whole province on the day with which `text` begins. What is no day is left to the service to refuse."""
    try:
        return province_on(date.fromisoformat(text[:10]) if text else civil_day(now()))
    except ValueError:
        return PROVINCE


def _token(installation: Installation, role: RoleName) -> str:
    given = os.environ.get("MOTCUA_TOKEN")
    return given or installation.issuer.token(role=role, agency=PROVINCE, now=now())


def _client(installation: Installation) -> "Client":
    """Of a leader of the province: so a code that no agency has is called that, and not out of scope."""
    from services.client import Client

    return Client(_token(installation, "leader"))


def _put(block: bytes) -> None:
    """Write what a service sent as it is."""
    sys.stdout.buffer.write(block)


def _fail(message: str) -> NoReturn:
    console.print(message, style="red", highlight=False)
    raise typer.Exit(1)
