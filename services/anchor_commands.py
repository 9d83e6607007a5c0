"""`motcua anchors`: the anchors of the event log, on the terminal, or handed over to somebody outside."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from services import tables
from services.installation import Installation
from services.language import said
from services.refusals import Refused
from services.tables import day, number
from services.terminal import (
    DEFAULT_DIR,
    DataDir,
    console,
    directory_given,
    need_writable,
    running,
    token_of,
    unwritable,
    whole,
    write,
)

_LAST = "20"


def anchors(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            parser=directory_given,
            metavar="DIRECTORY",
            help="Hand over into this directory; else the last ones are listed",
        ),
    ] = None,
    after: Annotated[
        int, typer.Option(parser=whole(0), metavar="N", help="The anchor that they hold; 0: from the beginning")
    ] = 0,
    upto: Annotated[
        int | None,
        typer.Option(parser=whole(1), metavar="N", help="The anchor to hand over; the last one unless given"),
    ] = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Mốc neo nhật ký sự kiện · The anchors of the event log: list the last ones, or hand one over with its stamp, the
    events since another one, and the verifier that needs nothing of this system: docs/anchors.md."""
    from services.client import Client

    installation = Installation(data_dir)
    address = f"{running(installation).intake}/v1/anchors"
    client = Client(token_of(installation, "supervisor"))
    if to is None:
        if after or upto is not None:
            raise typer.BadParameter(
                said("phải nêu thư mục để bàn giao vào", "into which directory to hand over is needed"),
                param_hint="--to",
            )
        items = client.get(address, {"limit": _LAST}).json()["items"]
        tables.show(_table(items))
        return
    if upto is None:
        items = client.get(address, {"limit": "1"}).json()["items"]
        if not items:
            raise Refused(said("Chưa có mốc neo nào: mỗi ngày có một mốc", "There is no anchor yet: each day has one"))
        upto = items[0]["number"]
    last = client.get(f"{address}/{upto}", {}).json()
    texts = {upto: last["text"], **({after: client.get(f"{address}/{after}", {}).json()["text"]} if after else {})}
    _need_directory(to)
    with console.status(said("Đang ghi sự kiện", "Writing events")):
        write(to / "events.ndjson", client.stream(f"{address}/{upto}/events", {"after": f"{after}"}))
    for each, text in texts.items():
        (to / f"anchor-{each}.txt").write_bytes(text.encode())
    if last["stamped_at"]:
        (to / f"anchor-{upto}.tsr").write_bytes(client.get(f"{address}/{upto}/stamp", {}).content)
    (to / "verify_anchors.py").write_bytes(_verifier())
    first = f"anchor-{after}.txt" if after else "-"
    console.print(said(f"Đã ghi vào {to}; người nhận kiểm tra bằng:", f"Written to {to}; whoever gets it checks with:"))
    typer.echo(f"python3 verify_anchors.py events.ndjson {first} anchor-{upto}.txt")
    if _last_event(texts[upto]) == (_last_event(texts[after]) if after else "0"):
        console.print(_binds_none(after, upto), style="yellow", highlight=False)
    if not last["stamped_at"]:
        console.print(said("Mốc này chưa có dấu thời gian", "This anchor is not stamped"), style="yellow")


def _last_event(text: str) -> str:
    """Up to which event an anchor goes, as its text says."""
    return text.partition("\nlast_event ")[2].partition("\n")[0]


def _binds_none(after: int, upto: int) -> str:
    """Whoever gets it would take it for a proof of something."""
    if after:
        return said(
            f"Giữa mốc {after} và mốc {upto} không có sự kiện nào",
            f"There is no event between anchors {after} and {upto}",
        )
    return said(
        f"Lúc lấy mốc {upto}, nhật ký chưa có sự kiện nào: mốc này chưa chứng minh gì; sự kiện từ đó về sau thuộc mốc "
        "của ngày hôm sau",
        f"When anchor {upto} was taken there was no event yet: it proves nothing; what came since is bound by the next "
        "day's",
    )


def _need_directory(to: Path) -> None:
    """Made where it is not there. Raises BadParameter."""
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(to, error, "--to") from error
    need_writable(to / "events.ndjson", "--to")


def _verifier() -> bytes:
    from intake_service.anchors import verify_anchors

    return Path(verify_anchors.__file__).read_bytes()


def _table(items: list[dict[str, Any]]) -> Table:
    table = Table(title=said("Mốc neo", "Anchors"), title_style="bold")
    table.add_column(said("Số", "Number"), justify="right")
    table.add_column(said("Lúc", "Taken"))
    table.add_column(said("Sự kiện", "Events"), justify="right")
    table.add_column(said("Dấu thời gian", "Stamped"))
    table.add_column(said("Gốc", "Root"), overflow="fold")
    for item in items:
        stamped = _minute(item["stamped_at"]) if item["stamped_at"] else "–"
        table.add_row(number(item["number"]), _minute(item["taken_at"]), number(item["events"]), stamped, item["root"])
    return table


def _minute(iso: str) -> str:
    """An instant on the clocks of Vietnam, as the services send it, in print."""
    return f"{day(iso[:10])} {iso[11:16]}"
