"""The `motcua` command. What takes long to load (the rooms, Alembic, an HTTP client) is imported by the command that
needs it: each process of `motcua up` comes through here, and 0.8 s of the processor went into what it did not use."""

import errno
import os
import shlex
import signal
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services import launcher, tables
from services.agency_commands import identification_codes
from services.anchor_commands import anchors
from services.file_commands import sweep_files
from services.installation import Addresses, Installation
from services.language import said
from services.mistyped import Command, Group, line_of
from services.move.commands import move_app
from services.number_commands import seal_numbers
from services.person_commands import erase_person, export_person
from services.province import PROVINCE, province_on
from services.refusals import Refused
from services.report_commands import LETTER, report_app
from services.terminal import (
    DEFAULT_DIR,
    Agency,
    DataDir,
    Output,
    RoleName,
    client_of,
    code_given,
    console,
    format_of,
    need_one_of,
    running,
    token_of,
    whole,
    whole_province_on,
    write,
)
from shared.domain.civil_time import civil_day
from shared.web.clock import now

if TYPE_CHECKING:
    from services.reference import LoadSummary


#: What standard output refuses that goes into a file: a full disk or quota, the largest file, a broken disk.
_UNWRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class _Commands(Group):
    """What a command cannot do is told in words, and the exit status is 1; what was typed wrongly in a line, and 2."""

    def main(self, **given: Any) -> Any:  # type: ignore[override]
        if not given.get("standalone_mode", True):
            return super().main(**given)
        try:
            status = super().main(**{**given, "standalone_mode": False})
            sys.stdout.flush()  # or nobody would tell that it could not be written
        except typer.Abort:  # nobody answered what was asked
            console.print("Đã dừng · stopped")
            status = 1
        except typer.TyperException as error:
            if error.format_message().strip():  # else the help was shown, as nothing was typed
                _tell(line_of(error))
            status = error.exit_code
        except OSError as error:
            if error.filename is not None or error.errno not in _UNWRITTEN:
                raise
            _tell(said(f"Không ghi hết được: {error.strerror}", f"Not all could be written: {error.strerror}"))
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is not tried again
            status = 2  # of verify, 1 would say that something differs
        sys.exit(status if isinstance(status, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Refused as refused:
            _tell(str(refused))
            raise typer.Exit(refused.status) from refused
        except KeyboardInterrupt as stop:
            console.print("Đã dừng · stopped")
            raise typer.Exit(128 + getattr(stop, "number", signal.SIGINT)) from stop


app = typer.Typer(
    name="motcua",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    help="Phần mềm một cửa điện tử · the one-stop shop backend",
)
app.add_typer(report_app, name="report")
app.add_typer(move_app, name="move")
app.command()(anchors)
app.command("export-person")(export_person)
app.command("erase-person")(erase_person)
app.command("identification-codes")(identification_codes)
app.command("sweep-files")(sweep_files)
app.command("seal-numbers")(seal_numbers)


DEFAULT_PORTS = ",".join(map(str, launcher.DEFAULT_PORTS))
REPLAYS = ("quang-tri-2019-h1", "none")
AMONG_SYNTHETIC = (
    "Bản cài đặt này có dữ liệu mô phỏng: mọi báo cáo của nó đều ghi là không phải hồ sơ thật. Hồ sơ thật nên nhập vào "
    "bản cài đặt khác (--data-dir).\nThis installation holds synthetic records, and each of its reports says so. "
    "Import real dossiers into another one (--data-dir)."
)


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
        need_one_of(replay, REPLAYS, "--replay")
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
    host: Annotated[str, typer.Option(help="The address that it answers at")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(parser=whole(1), metavar="N", help="8001, 8002, 8003 unless given")
    ] = None,
) -> None:
    """Chạy một tiến trình · One process: a service, or the worker that runs the consumers of all rooms. Settings:
    MOTCUA_*."""
    from services import serve as server
    from shared.web.settings import SettingsMissing

    need_one_of(room, (*server.ROOMS, "worker"), "ROOM")
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
    agency: Annotated[
        str, typer.Option(parser=code_given, metavar="CODE", help="Code of the agency whose subtree it covers")
    ],
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 366, help="For how long")] = 12,
    subject: Annotated[str, typer.Option(help="Who holds it; role@agency unless given")] = "",
    id_number: Annotated[str, typer.Option(help="Of a citizen: whose dossiers it shows when they are tracked")] = "",
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Cấp mã truy cập nội bộ · Issue a token of embedded mode."""
    from services.reference import agencies

    if agency not in {unit.code for unit in agencies()[0]}:
        console.print(
            f"{agency} không có trong danh mục cơ quan; mã truy cập chỉ dùng được nếu cơ quan đã được bổ sung sau này"
            " · is no agency of the reference data; the token holds if it was added since",
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
            help="Where the numbers of rejected lines and every reason go; beside FILE unless given, of d.csv as "
            "d.csv.rejects.ndjson"
        ),
    ] = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="The records are made up; reports say so")] = False,
    mapping: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, readable=True, help="FILE is an export with columns of its own: docs/move.md"
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge all, import nothing")] = False,
    pass_over: Annotated[
        bool, typer.Option("--pass-over", help="With --mapping: leave out lines with words that it does not map")
    ] = False,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Nhập hồ sơ từ hệ thống khác · Import dossiers of another system from CSV or NDJSON: docs/import.md tells how to
    write one. The same file twice changes nothing. Exit status 3: some lines were rejected, the others landed."""
    from services.upload import rejects_file, upload, write_rejects

    installation = Installation(data_dir)
    addresses, bearer = running(installation), token_of(installation, "admin")
    intake = addresses.intake
    if not synthetic and client_of(installation).synthetic(addresses.stats, PROVINCE, civil_day(now())):
        console.print(AMONG_SYNTHETIC, style="yellow", highlight=False)
    to = rejects or rejects_file(file)
    if mapping is not None:
        from services.move.importing import import_mapped, show

        done = import_mapped(
            file,
            mapping,
            installation,
            trial=dry_run,
            pass_over=pass_over,
            synthetic=synthetic,
            rejects=rejects,
        )
        show(done, installation)
        raise typer.Exit(3 if done.rejects is not None else 0)
    run = upload(intake, bearer, file, synthetic=synthetic, rejects_to=to, trial=dry_run)
    if dry_run:
        console.print(said("Chạy thử: chưa nhập gì.", "On trial: nothing was imported."), style="bold")
    tables.show(tables.import_table(run))
    if run["rejected"]:
        write_rejects(intake, bearer, run, to)
        console.print(f"Dòng bị từ chối và lý do · rejected lines and why: {to}", style="yellow", markup=False)
        raise typer.Exit(3)
    if rejects is None:
        to.unlink(missing_ok=True)  # of an earlier run, and no longer true


@app.command()
def overdue(
    agency: Agency = None,
    as_of: Annotated[str | None, typer.Option(help="An instant, RFC 3339; now unless given")] = None,
    apology: Annotated[
        str, typer.Option(help="Only those whose applicant was sent an apology, or was sent none: sent, none, any")
    ] = "any",
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="table (the first 50), or all of them: json, csv, ndjson; table, or what the file's name ends with",
        ),
    ] = None,
    output: Output = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Hồ sơ quá hạn · Dossiers that are late now, or were at an instant. The first late come first."""
    form = format_of(form, output, ("table", "json", "csv", "ndjson"))
    installation = Installation(data_dir)
    addresses = running(installation)
    client = client_of(installation)
    asked = {"agency": agency or whole_province_on(as_of), "apology": apology, **({"as_of": as_of} if as_of else {})}
    path = f"{addresses.routing}/v1/overdue"
    if form == "table":
        page = client.get(path, {**asked, "limit": "50"}).json()
        synthetic = client.synthetic(addresses.stats, PROVINCE, civil_day(now()))
        tables.show(
            tables.overdue_table(page["items"], more=page["next"] is not None, synthetic=synthetic, names=tables.wide())
        )
    elif form == "json":  # a page that holds them all: the list of lines in brackets
        lines = b"".join(client.stream(path, {**asked, "format": "ndjson"})).splitlines()
        write(output, [b'{"items":[' + b",".join(lines) + b'],"next":null}\n'])
    else:
        write(output, client.stream(path, {**asked, "format": form}))


@app.command()
def verify(
    form: Annotated[str, typer.Option("--format", help="table, json")] = "table",
    anchor: Annotated[
        list[str] | None,
        typer.Option(help="NUMBER:SEAL of a link of the chain of editions that was noted outside; may be repeated"),
    ] = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Kiểm chứng số liệu · Recount everything from raw events, and check every chain: docs/verify.md tells how to read
    a difference. Services may go on. Exit status 0: no difference; 1: some, all printed; 2: not verified."""
    need_one_of(form, ("table", "json"), "--format")
    try:
        from services import verification

        anchors = [verification.anchor_of(text) for text in anchor or ()]
        if None in anchors:
            raise typer.BadParameter(
                "phải là SỐ:DẤU, dấu gồm 64 chữ số hex · NUMBER:SEAL, of 64 hex digits", param_hint="--anchor"
            )
        with verification.Kept() as kept, launcher.reached(Installation(data_dir)) as url:
            outcome = verification.verify(url, console, kept.add, [one for one in anchors if one])
            tell = verification.put_as_json if form == "json" else verification.show
            tell(outcome, kept)
    except Refused as refused:
        console.print(str(refused), style="red", highlight=False)
        raise typer.Exit(2) from refused
    except KeyboardInterrupt as interrupt:  # 1 would say that something differs
        console.print("Đã dừng, chưa kiểm chứng xong · stopped before all was verified")
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
    breaking: Annotated[
        bool, typer.Option("--breaking", help="What has changed since the last release; status 1: a break undecided")
    ] = False,
    release: Annotated[
        str | None, typer.Option("--release", metavar="VERSION", help="Keep the committed ones as those of a release")
    ] = None,
) -> None:
    """Ghi hoặc kiểm tra openapi.json · Write each service's openapi.json from its code, or check
    that the committed ones are current, and what has changed since the last release."""
    if breaking or release:
        _compare_contracts(release)
        return
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


def _compare_contracts(release: str | None) -> None:
    from services import releases

    if release:
        releases.keep(release)
        return
    found = releases.compare()
    if found.changes:
        tables.show(releases.table(found))
    for line in found.undeclared:
        console.print(f"Chưa quyết định · undecided break: {line}", style="red", markup=False, soft_wrap=True)
    for line in found.idle:
        console.print(f"Khai mà không có · declared, not broken: {line}", style="red", markup=False, soft_wrap=True)
    if found.undeclared or found.idle:
        console.print("docs/clients.md: how to declare a break, or how to do without")
        raise typer.Exit(1)
    console.print(f"Không phá vỡ hợp đồng {found.release} · no undecided break since {found.release}")


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
        run = replay(addresses, token_of(installation, "admin"), civil_day(now()))
    except RealDossiers as refused:
        if asked:
            raise
        console.print(str(refused), style="yellow", highlight=False)
        return False
    report = client_of(installation).report(addresses.stats, LETTER)
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


def _tell(message: str) -> None:
    console.print(message, style="red", highlight=False, markup=False)


for _command in (*app.registered_commands, *report_app.registered_commands, *move_app.registered_commands):
    _command.cls = Command
