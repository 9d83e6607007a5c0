"""The `motcua` command."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer
from rich.console import Console

from services import contracts as contract_files
from services import launcher, tables
from services.embedded import EmbeddedError
from services.installation import PROVINCE, Addresses, Installation
from services.reference import LoadSummary
from services.reference import agencies as reference_agencies
from services.replay import replay as replay_half_year
from services.upload import rejects_file, upload
from shared.web.auth import Role
from shared.web.clock import now
from shared.web.settings import SettingsMissing

app = typer.Typer(
    name="motcua",
    no_args_is_help=True,
    add_completion=False,
    help="Phần mềm một cửa điện tử · the one-stop shop backend",
)
report_app = typer.Typer(no_args_is_help=True, help="Báo cáo · reports")
app.add_typer(report_app, name="report")
console = Console(stderr=True, soft_wrap=True)

DataDir = Annotated[Path, typer.Option(help="Where the embedded database, keys and addresses are kept")]
DEFAULT_DIR = Path(".motcua")
REPLAYS = ("quang-tri-2019-h1", "none")
LETTER = {"agency": "45", "from": "2019-01-01", "to": "2019-06-30"}


@app.command()
def up(
    replay: Annotated[str, typer.Option(help="quang-tri-2019-h1 (synthetic), or none")] = "quang-tri-2019-h1",
    once: Annotated[bool, typer.Option("--once", help="Stop after the table instead of serving on")] = False,
    data_dir: DataDir = DEFAULT_DIR,
    ports: Annotated[str, typer.Option(help="Of intake, routing, stats; 0 is any free one")] = "8001,8002,8003",
) -> None:
    """From nothing to a running system: database, schema, reference data, three services, the letter's table."""
    if replay not in REPLAYS:
        raise typer.BadParameter(f"must be one of: {', '.join(REPLAYS)}", param_hint="--replay")
    wanted = _ports(ports)
    installation = Installation(data_dir)
    try:
        installation.prepare()
        with launcher.interruptible(), launcher.Database(installation) as database:
            console.print("Cơ sở dữ liệu sẵn sàng · database ready")
            with launcher.Services(installation, database.url, wanted) as services:
                loaded = launcher.prepare_database(database.url)
                console.print(f"Danh mục · reference data: {_loaded(loaded)}")
                services.await_ready()
                if replay != "none":
                    _replayed(installation, services.addresses)
                _welcome(installation, services.addresses, replayed=replay != "none")
                if not once:
                    console.print("Ctrl-C để dừng · Ctrl-C stops everything")
                    launcher.watch(database, services, lambda line: console.print(line, style="yellow"))
    except KeyboardInterrupt:
        console.print("Đã dừng · stopped")
    except (EmbeddedError, launcher.LaunchFailed) as error:
        console.print(str(error), style="red", highlight=False)
        raise typer.Exit(1) from error


@app.command()
def serve(
    room: Annotated[str, typer.Argument(help="intake, routing, stats, or worker")],
    host: str = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="8001, 8002, 8003 unless given")] = None,
) -> None:
    """One process: a service, or the worker that runs the consumers of all rooms. Settings: MOTCUA_*."""
    from services import serve as server

    if room not in (*server.ROOMS, "worker"):
        raise typer.BadParameter("must be intake, routing, stats or worker", param_hint="ROOM")
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
    """Bring schema, grants and reference data of the database up to date."""
    installation = Installation(data_dir)
    installation.prepare()
    try:
        with launcher.Database(installation) as database:
            console.print(f"Danh mục · reference data: {_loaded(launcher.prepare_database(database.url))}")
    except EmbeddedError as error:
        console.print(str(error), style="red", highlight=False)
        raise typer.Exit(1) from error


@app.command()
def token(
    role: Annotated[Role, typer.Option(help="What the holder is")],
    agency: Annotated[str, typer.Option(help="Code of the agency whose subtree it covers")],
    hours: Annotated[float, typer.Option(min=0.01, max=24 * 366)] = 12,
    subject: Annotated[str, typer.Option(help="Who holds it; role@agency unless given")] = "",
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Issue a token of embedded mode."""
    if agency not in {unit.code for unit in reference_agencies()[0]}:
        console.print(
            f"{agency} is no agency of the reference data; the token holds if it was added since", style="yellow"
        )
    print(Installation(data_dir).issuer.token(role=role, agency=agency, now=now(), subject=subject, hours=hours))


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    rejects: Annotated[
        Path | None, typer.Option(help="Where rejected lines go; beside FILE as NAME.rejects.ndjson unless given")
    ] = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="The records are made up; reports say so")] = False,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Import dossiers of another system from CSV or NDJSON. The same file twice changes nothing. Exit status 3: some
    lines were rejected, the others landed."""
    installation = Installation(data_dir)
    addresses = _running(installation)
    try:
        run = upload(addresses.intake, _token(installation, Role.ADMIN), file, synthetic=synthetic, rejects_to=rejects)
    except (httpx.HTTPError, ValueError) as error:
        _fail(error)
    tables.show(tables.import_table(run))
    if run["rejected"]:
        console.print(
            f"Dòng bị từ chối và lý do · rejected lines and why: {rejects or rejects_file(file)}", style="yellow"
        )
        raise typer.Exit(3)


@report_app.command("resolution")
def report_resolution(
    agency: Annotated[str, typer.Option(help="Agency code, with all under it")] = "45",
    start: Annotated[str, typer.Option("--from", help="First day, YYYY-MM-DD")] = "2019-01-01",
    end: Annotated[str, typer.Option("--to", help="Last day, YYYY-MM-DD")] = "2019-06-30",
    group_by: Annotated[
        str, typer.Option(help="none, agency, tree, level, sector, procedure, channel, month")
    ] = "none",
    form: Annotated[str, typer.Option("--format", help="table, json, csv")] = "table",
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """How dossiers were resolved in a period: the letter's table."""
    installation = Installation(data_dir)
    asked = {"agency": agency, "from": start, "to": end, "group_by": group_by}
    client = _client(installation, Role.LEADER, agency)
    path = f"{_running(installation).stats}/v1/reports/resolution"
    if form == "table":
        report = _whole_report(client, path, asked)
        tables.show(tables.resolution_table(report))
    else:
        print(_get(client, path, {**asked, "format": form}).text)


@app.command()
def overdue(
    agency: Annotated[str, typer.Option(help="Agency code, with all under it")] = PROVINCE,
    as_of: Annotated[str | None, typer.Option(help="An instant, RFC 3339; now unless given")] = None,
    form: Annotated[str, typer.Option("--format", help="table, json, csv, ndjson")] = "table",
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Dossiers that are late now, or were at an instant."""
    installation = Installation(data_dir)
    asked = {"agency": agency, **({"as_of": as_of} if as_of else {})}
    client = _client(installation, Role.LEADER, agency)
    path = f"{_running(installation).routing}/v1/overdue"
    if form == "table":
        page = _get(client, path, {**asked, "limit": "50"}).json()
        tables.show(tables.overdue_table(page["items"], more=page["next"] is not None))
    elif form == "json":
        print(_get(client, path, asked).text)
    else:
        with client.stream("GET", path, params={**asked, "format": form}) as answer:
            if answer.status_code != 200:
                answer.read()
                _refused(answer)
            for block in answer.iter_bytes():
                sys.stdout.buffer.write(block)


@app.command()
def contracts(
    check: Annotated[bool, typer.Option("--check", help="Only say whether they are current")] = False,
) -> None:
    """Write each service's openapi.json from its code, or check that the committed ones are current."""
    if not check:
        contract_files.write()
        return
    stale = contract_files.stale()
    if stale:
        console.print(
            f"Stale contracts: {', '.join(stale)}. Run `motcua contracts` and review the difference.", style="red"
        )
        raise typer.Exit(1)


def _ports(text: str) -> list[int]:
    parts = text.split(",")
    if len(parts) != 3 or not all(part.isdigit() and int(part) < 65536 for part in parts):
        raise typer.BadParameter("three ports are needed, e.g. 8001,8002,8003", param_hint="--ports")
    return [int(part) for part in parts]


def _loaded(loaded: LoadSummary) -> str:
    if not loaded.anything:
        return "không đổi · unchanged"
    parts = {
        "cơ quan · agencies": loaded.agencies.added + loaded.agencies.changed,
        "ngày trong lịch · calendar days": loaded.calendar.added + loaded.calendar.changed,
        "thủ tục · procedures": loaded.procedures.added + loaded.procedures.changed,
    }
    return ", ".join(f"{tables.number(count)} {name}" for name, count in parts.items())


def _replayed(installation: Installation, addresses: Addresses) -> None:
    run = replay_half_year(addresses.intake, _token(installation, Role.ADMIN))
    console.print(
        f"Đã nhập · imported: {tables.number(run['created'] + run['unchanged'])} hồ sơ, "
        f"từ chối · rejected: {tables.number(run['rejected'])}"
    )


def _welcome(installation: Installation, addresses: Addresses, *, replayed: bool) -> None:
    if replayed:
        client = _client(installation, Role.LEADER, "45")
        report = _whole_report(client, f"{addresses.stats}/v1/reports/resolution", LETTER)
        tables.show(tables.resolution_table(report))
    leader = f'-H "Authorization: Bearer {_token(installation, Role.LEADER)}"'
    routing, stats = addresses.routing, addresses.stats
    typer.echo(f"API docs (offline): {addresses.intake}/docs  {routing}/docs  {stats}/docs")
    typer.echo("Ba lệnh để thử · three commands to try (the token holds for 12 hours):")
    typer.echo(f'curl -s "{routing}/v1/agencies?as_of=2019-06-30&limit=5"')
    typer.echo(f'curl -s {leader} "{stats}/v1/reports/resolution?agency=45&from=2019-01-01&to=2019-06-30"')
    then = f"&as_of={LETTER['to']}T17:00:00%2B07:00" if replayed else ""
    typer.echo(f'curl -s {leader} "{routing}/v1/overdue?limit=5{then}"')


def _running(installation: Installation) -> Addresses:
    intake, routing, stats = (os.environ.get(f"MOTCUA_{room.upper()}_URL") for room in launcher.ROOMS)
    given = Addresses(intake, routing, stats, pid=0) if intake and routing and stats else None
    addresses = given or installation.running()
    if addresses is None:
        console.print(
            f"Nothing runs in {installation.data_dir}. Start it with `motcua up`, or name the services in"
            " MOTCUA_INTAKE_URL, MOTCUA_ROUTING_URL and MOTCUA_STATS_URL.",
            style="red",
        )
        raise typer.Exit(1)
    return addresses


def _token(installation: Installation, role: Role, agency: str = PROVINCE) -> str:
    given = os.environ.get("MOTCUA_TOKEN")
    return given or installation.issuer.token(role=role, agency=agency, now=now())


def _client(installation: Installation, role: Role, agency: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {_token(installation, role, agency)}"}
    return httpx.Client(headers=headers, timeout=httpx.Timeout(120, connect=5))


def _get(client: httpx.Client, path: str, asked: dict[str, str]) -> httpx.Response:
    try:
        answer = client.get(path, params=asked)
    except httpx.HTTPError as error:
        _fail(error)
    if answer.status_code != 200:
        _refused(answer)
    return answer


def _whole_report(client: httpx.Client, path: str, asked: dict[str, str]) -> dict[str, Any]:
    """A report with the rows of all its pages."""
    report: dict[str, Any] = _get(client, path, {**asked, "limit": "200"}).json()
    cursor = report["next"]
    while cursor:
        page = _get(client, path, {**asked, "limit": "200", "cursor": cursor}).json()
        report["rows"] += page["rows"]
        cursor = page["next"]
    return report


def _refused(answer: httpx.Response) -> NoReturn:
    try:
        problem = answer.json()
        lines = [problem["title"], *(f"{e['field']}: {e['reason']}" for e in problem["errors"])]
    except (ValueError, KeyError, TypeError):
        lines = [f"HTTP {answer.status_code}"]
    console.print("\n".join(lines), style="red", highlight=False)
    raise typer.Exit(1)


def _fail(error: Exception) -> NoReturn:
    console.print(f"{type(error).__name__}: {error}", style="red", highlight=False)
    raise typer.Exit(1) from error
