"""`motcua verify` and `motcua rebuild-counts`: every check of every room, led over one moment of the database; what was
found kept on the disk until it is told, so that a million differences take no more memory than one."""

import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import IO, Any

import asyncpg
import orjson
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from intake_service.access_records.usecases import AccessChain
from intake_service.anchors.usecases import Anchors
from intake_service.verification.usecases import Dossiers, Notes
from migrations.logins import role_url
from services.language import said
from services.refusals import Refused
from services.tables import number
from shared.domain.civil_time import civil_day
from shared.domain.differences import Difference
from shared.web.checks import Check, one_moment, walked
from shared.web.clock import now
from stats_service.edition_chain.rules import Anchor
from stats_service.editions.usecases import EditionChain, Editions
from stats_service.verification.usecases import Busy, Counts, Moved, Rebuilt, rebuild

#: All that is verified. Whatever else is to be proved is one more Check here.
CHECKS: tuple[Callable[[], Check], ...] = (Dossiers, Notes, Counts, Editions, EditionChain, Anchors, AccessChain)

#: What a check is called.
NAMES = {
    "chain": ("Chuỗi sự kiện", "Event chains"),
    "dossier": ("Hồ sơ so với sự kiện cuối", "Dossiers against their last events"),
    "note": ("Lời ghi của sự kiện", "Words of events"),
    "position": ("Vị trí đã cộng dồn", "Position of the fold"),
    "day": ("Số liệu theo ngày", "Day histogram"),
    "checkpoint": ("Số liệu lũy kế đầu tháng", "Monthly checkpoints"),
    "edition": ("Bản chốt báo cáo", "Sealed editions"),
    "edition_chain": ("Chuỗi bản chốt", "Chain of sealed editions"),
    "anchor": ("Mốc neo của nhật ký sự kiện", "Anchors of the event log"),
    "access_chain": ("Nhật ký xem dữ liệu cá nhân", "Records of who read personal data"),
}
#: What differs. A field of a dossier and its metrics are called by their names.
WORDS = {
    "gap": ("thiếu sự kiện hoặc bản ghi trước đó", "an event or a record before it is missing"),
    "hash": ("nội dung không khớp mã băm", "content does not match its hash"),
    "dossierless": ("sự kiện không có hồ sơ", "event without a dossier"),
    "eventless": ("hồ sơ không có sự kiện", "dossier without events"),
    "number": ("số mà không hồ sơ nào được cấp", "a number that no dossier is given"),
    "event_seq": ("số sự kiện", "number of events"),
    "event_hash": ("mã băm cuối chuỗi", "hash at the end of the chain"),
    "words": ("lời ghi đã bị thay đổi", "words were changed"),
    "foreign": ("sự kiện của cụm máy chủ khác", "events of another cluster"),
    "ahead": ("vị trí vượt quá nhật ký", "position is ahead of the log"),
    "nowhere": ("vị trí không phải là một sự kiện", "position is no event"),
    "cell": ("số đếm sai", "wrong count"),
    "missing": ("thiếu ô số đếm", "count is missing"),
    "extra": ("thừa ô số đếm", "count should not be there"),
    "mark": ("thiếu dấu của tháng", "mark of the month is missing"),
    "content": ("nội dung bản chốt không khớp mã băm", "content of the edition does not match its hash"),
    "picture": ("ảnh chụp danh mục mất hoặc bị sửa", "picture of the reference data is gone or was changed"),
    "position": ("vị trí trong nhật ký bị sửa", "position in the log was changed"),
    "parameters": ("tham số bị sửa", "parameters were changed"),
    "figures": ("sự kiện cho số liệu khác", "the events give other figures"),
    "link_gone": ("thiếu mắt xích", "links are missing"),
    "edition_gone": ("thiếu bản chốt của mắt xích", "the edition of the link is missing"),
    "seal": ("bản chốt hoặc mắt xích đã bị sửa", "the edition or its link was changed"),
    "unlinked": ("bản chốt nằm ngoài chuỗi", "edition outside the chain"),
    "anchor": ("không khớp dấu đã ghi bên ngoài", "not what was noted outside"),
    "anchor_gone": ("thiếu mốc neo", "an anchor is missing"),
    "anchor_before": ("không nối tiếp mốc neo trước", "does not follow from the anchor before"),
    "anchor_root": ("mốc neo đã bị sửa", "the anchor was changed"),
    "anchor_events": ("số sự kiện mà mốc neo giữ", "number of events that the anchor binds"),
    "anchor_digest": ("sự kiện khác với khi neo", "the events are not those that were anchored"),
    "anchor_readings": (
        "lượt xem dữ liệu khác với khi neo",
        "the records of readings are not those that were anchored",
    ),
    "odd_month": ("không phải ngày đầu tháng", "not the first day of a month"),
}
#: How much was looked at.
SEEN = {
    "events": ("Sự kiện", "Events"),
    "dossiers": ("Hồ sơ", "Dossiers"),
    "words": ("Lời ghi", "Words of events"),
    "words_gone": ("Lời ghi đã xóa", "Words erased"),
    "days": ("Ô số đếm theo ngày", "Cells of days"),
    "checkpoints": ("Số lũy kế đầu tháng", "Checkpoints"),
    "editions": ("Bản chốt", "Sealed editions"),
    "anchors": ("Mốc neo", "Anchors"),
    "accesses": ("Lần xem dữ liệu cá nhân", "Readings of personal data"),
    "edition_links": ("Mắt xích của chuỗi bản chốt", "Links of their chain"),
}
#: Rows a table: one of a million rows would be laid out in memory.
_ROWS = 500
#: Of a hash so much is shown; JSON has all of it.
_SHOWN = 16


@dataclass
class Outcome:
    """What was looked at, and how many differences there are, by check."""

    seen: Counter[str]
    found: Counter[str]
    seconds: float

    @property
    def differences(self) -> int:
        """All of them."""
        return sum(self.found.values())


def verify(url: str, console: Console, found: Callable[[Difference], None], anchors: Sequence[Anchor] = ()) -> Outcome:
    """Verify everything in the database whose owner logs in with `url`, and that the chain of editions holds what was
    noted outside. Raises Refused."""

    async def run(progress: Callable[[float], None]) -> Outcome:
        checks = [EditionChain(anchors) if check is EditionChain else check() for check in CHECKS]
        counts: Counter[str] = Counter()
        began = time.perf_counter()
        async with (
            one_moment(lambda role: role_url(url, role)) as moment,
            aclosing(walked(moment, checks, progress)) as differences,
        ):
            async for difference in differences:
                counts[difference.check] += 1
                found(difference)
        seen: Counter[str] = Counter()
        for check in checks:
            seen.update(check.seen)
        seen["words_gone"] = max(0, seen.pop("words_noted", 0) - seen["words"])
        return Outcome(seen, counts, time.perf_counter() - began)

    with _told(), _bar(console, said("Kiểm chứng", "Verifying")) as progress:
        return asyncio.run(run(progress))


def rebuild_counts(url: str, console: Console) -> Rebuilt:
    """Make the counts anew. Raises Refused."""
    with _told(), _bar(console, said("Đếm lại", "Counting anew")) as progress:
        return asyncio.run(rebuild(lambda role: role_url(url, role), civil_day(now()), progress))


class Kept:
    """Differences on the disk, by check, until they are told."""

    def __init__(self) -> None:
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> "Kept":
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()

    def add(self, difference: Difference) -> None:
        """Keep one more."""
        if difference.check not in self._files:
            self._files[difference.check] = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the whole)
        self._files[difference.check].write(orjson.dumps(difference._asdict(), option=orjson.OPT_APPEND_NEWLINE))

    def of(self, check: str) -> Iterator[dict[str, Any]]:
        """Those of a check."""
        file = self._files[check]
        file.seek(0)
        return map(orjson.loads, file)


def show(outcome: Outcome, kept: Kept) -> None:
    """Every difference, a table a check, and what was looked at."""
    console = Console()
    for check, count in sorted(outcome.found.items(), key=lambda item: list(NAMES).index(item[0])):
        rows = kept.of(check)
        for begin in range(0, count, _ROWS):
            console = _wide(console)
            console.print(_table(check, begin, count, [next(rows) for _ in range(min(_ROWS, count - begin))]))
    console.print(_summary(outcome))


def _wide(console: Console) -> Console:
    """Where nobody looks on, nothing is folded."""
    return console if console.is_terminal else Console(width=max(console.width, 160))


def _table(check: str, begin: int, count: int, rows: list[dict[str, Any]]) -> Table:
    upto = begin + len(rows)
    part = f" ({number(begin + 1)}–{number(upto)}/{number(count)})" if count > _ROWS else f" ({number(count)})"
    table = Table(title=said(*NAMES[check]) + part, title_style="bold")
    table.add_column(said("Ở đâu", "Where"), overflow="fold")
    table.add_column(said("Khác gì", "What"), overflow="fold")
    table.add_column(said("Phải là", "Expected"), overflow="fold")
    table.add_column(said("Đang là", "Found"), overflow="fold")
    for row in rows:
        what = said(*WORDS[row["what"]]) if row["what"] in WORDS else row["what"]
        table.add_row(escape(row["where"]), what, _short(row["expected"]), _short(row["found"]))
    return table


def _short(text: str | None) -> str:
    if text is None:
        return "–"
    return f"{text[:_SHOWN]}…" if len(text) == 64 else escape(text)


def _summary(outcome: Outcome) -> Table:
    table = Table(title=said("Kết quả kiểm chứng", "What was verified"), title_style="bold")
    table.add_column("")
    table.add_column(said("Đã xem", "Looked at"), justify="right")
    for name, words in SEEN.items():
        table.add_row(said(*words), number(outcome.seen[name]))
    table.add_row(said("Giây", "Seconds"), number(f"{outcome.seconds:.1f}"))
    style = "bold red" if outcome.differences else "bold green"
    table.add_row(said("Sai khác", "Differences"), number(outcome.differences), style=style, end_section=True)
    return table


def put_as_json(outcome: Outcome, kept: Kept) -> None:
    """One JSON object: the differences, and what was looked at."""
    out = sys.stdout.buffer
    out.write(b'{"differences":[')
    first = True
    for check in outcome.found:
        for row in kept.of(check):
            out.write((b"" if first else b",") + orjson.dumps(row))
            first = False
    told = {
        "found": dict(outcome.found),
        "seen": {name: outcome.seen[name] for name in SEEN},
        "seconds": round(outcome.seconds, 3),
    }
    out.write(b"]," + orjson.dumps(told)[1:] + b"\n")
    out.flush()


def rebuilt_table(done: Rebuilt) -> Table:
    """What was put right."""
    table = Table(title=said("Đã đếm lại", "Counted anew"), title_style="bold")
    table.add_column("")
    table.add_column(said("Đã sửa", "Put right"), justify="right")
    table.add_row(said(*SEEN["days"]), number(done.cells))
    table.add_row(said(*SEEN["checkpoints"]), number(done.checkpoints))
    table.add_row(said("Tháng làm lại", "Months made anew"), number(done.months))
    table.add_row(said(*NAMES["position"]), number(int(done.position)))
    return table


def anchor_of(text: str) -> Anchor | None:
    """NUMBER:SEAL as it is printed; None: it is none."""
    number, _, seal = text.partition(":")
    whole = re.fullmatch(r"[1-9][0-9]{0,17}", number) and re.fullmatch(r"[0-9a-fA-F]{64}", seal)
    return Anchor(int(number), bytes.fromhex(seal)) if whole else None


@contextmanager
def _bar(console: Console, text: str) -> Iterator[Callable[[float], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(text, total=1.0)
        furthest = 0.0

        def moved(share: float) -> None:
            nonlocal furthest
            furthest = max(furthest, share)
            bar.update(task, completed=furthest)

        yield moved


@contextmanager
def _told() -> Iterator[None]:
    """What the database refuses is told in words."""
    try:
        yield
    except Busy as busy:
        raise Refused(
            "Một lệnh rebuild-counts khác đang chạy; hãy chờ lệnh đó xong.\n"
            "Another rebuild-counts is at work: wait until it is done."
        ) from busy
    except Moved as moved:
        raise Refused(
            "Vị trí đã cộng dồn bị sửa trong lúc đếm lại; chưa có gì thay đổi, hãy chạy lại.\n"
            "The position of the fold was set by hand meanwhile: nothing was changed. Run it again."
        ) from moved
    except (
        asyncpg.InvalidAuthorizationSpecificationError,
        asyncpg.UndefinedTableError,
        asyncpg.UndefinedColumnError,
        asyncpg.InsufficientPrivilegeError,
    ) as error:
        raise Refused(
            "Cơ sở dữ liệu chưa được cập nhật cho phiên bản này, hoặc tài khoản không phải của chủ sở hữu; hãy chạy "
            "`motcua migrate` hoặc sửa MOTCUA_DATABASE_URL.\n"
            f"The database is not prepared for this version, or the login is not its owner's ({type(error).__name__}): "
            "run `motcua migrate`, or correct MOTCUA_DATABASE_URL."
        ) from error
    except asyncpg.DataError as error:
        raise Refused(
            "Trong cơ sở dữ liệu có giá trị nằm ngoài mọi giới hạn: đã có người sửa dữ liệu. Chưa kiểm chứng xong; hãy "
            "so với bản sao lưu.\n"
            f"Some value in the database is beyond all that can be reckoned ({type(error).__name__}): somebody has "
            "changed data. Not all was verified: compare with a backup."
        ) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError, TimeoutError) as error:
        # The type alone: what a server says may quote a row.
        raise Refused(
            "Cơ sở dữ liệu ngừng trả lời hoặc từ chối; hãy chạy lại.\n"
            f"The database went away, or refused ({type(error).__name__}). Run it again."
        ) from error
    except OSError as error:
        raise Refused(
            "Không ghi được tệp tạm để giữ các sai khác; hãy xem đĩa có đầy không.\n"
            f"The differences could not be kept in a temporary file: {error.strerror}. Is the disk full?"
        ) from error
