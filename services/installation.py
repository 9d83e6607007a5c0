"""What an installation keeps in its data directory: keys, addresses of what runs, logs, what was replayed."""

import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from services.local_issuer import LocalIssuer
from services.province import PROVINCE
from services.refusals import Refused
from shared.web.clock import now

_YEAR_HOURS = 24.0 * 366


@dataclass(frozen=True)
class Addresses:
    """Where the three services of a running installation answer."""

    intake: str
    routing: str
    stats: str
    pid: int


class DataDirUnusable(Refused):
    """Nothing can be kept in the data directory; the message says why and what to do."""

    def __init__(self, data_dir: Path, error: OSError) -> None:
        why = f"{error.strerror or error} ({error.filename or data_dir})"
        super().__init__(
            f"Không dùng được thư mục dữ liệu {data_dir}; hãy chọn thư mục khác bằng --data-dir.\n"
            f"The data directory {data_dir} cannot be used: {why}. Choose another: --data-dir"
        )


class DataDirMissing(Refused):
    """There is no such data directory."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"Không có thư mục dữ liệu {data_dir}; hãy sửa --data-dir hoặc chạy `motcua up` trước.\n"
            f"There is no data directory {data_dir}. Mind the name after --data-dir, or run `motcua up` first; for "
            "keys alone make the directory."
        )


class DatabaseMissing(Refused):
    """The data directory holds no database."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"Thư mục {data_dir} chưa có cơ sở dữ liệu; hãy sửa --data-dir, chạy `motcua up`, hoặc đặt "
            "MOTCUA_DATABASE_URL.\n"
            f"{data_dir} holds no database. Mind the name after --data-dir, run `motcua up` first, or set "
            "MOTCUA_DATABASE_URL."
        )


class Installation:
    """A data directory (default `.motcua`)."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.logs = data_dir / "logs"
        self._running = data_dir / "running.json"
        self._replay = data_dir / "replay"

    def prepare(self) -> None:
        """Make the directories, for their owner only. Raises DataDirUnusable."""
        with self._usable():
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.logs.mkdir(exist_ok=True, mode=0o700)
            for directory in (self.data_dir, self.logs):
                if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
                    raise PermissionError(13, "Permission denied", str(directory))

    def need(self) -> None:
        """Nobody is to be given the key of a directory that was misspelt. Raises DataDirMissing, DataDirUnusable."""
        with self._usable():
            if not self.data_dir.exists():
                raise DataDirMissing(self.data_dir)

    def need_database(self) -> None:
        """What only reads makes no database. Raises DatabaseMissing."""
        with self._usable():
            if not (self.data_dir / "postgres").exists():
                raise DatabaseMissing(self.data_dir)

    @property
    def has_keys(self) -> bool:
        """Whether tokens were issued here before."""
        with self._usable():
            return (self.data_dir / "keys" / "jwks.json").exists()

    @property
    def issuer(self) -> LocalIssuer:
        """The token issuer whose key lives here. Raises DataDirUnusable."""
        with self._usable():
            return LocalIssuer(self.data_dir)

    def cursor_key(self) -> str:
        """The key that signs page cursors."""
        return self._key("cursor")

    @property
    def files(self) -> Path:
        """Where files of dossiers are kept, unless a setting names another place."""
        return (self.data_dir / "files").resolve()

    def tracking_key(self) -> str:
        """The key that the secrets on receipts are made from."""
        return self._key("tracking")

    def identity_keys(self) -> str:
        """The keys under which identity numbers are kept, the first of which seals."""
        path = self.data_dir / "keys" / "identity"
        with self._usable():
            if not path.exists():
                self._write_keys(f"1:{secrets.token_hex(32)}")
            return path.read_text()

    def add_identity_key(self) -> None:
        """A new first key; the others still open what they sealed."""
        known = self.identity_keys()
        self._write_keys(f"{int(known.partition(':')[0]) + 1}:{secrets.token_hex(32)},{known}")

    def _write_keys(self, text: str) -> None:
        path = self.data_dir / "keys" / "identity"
        path.parent.mkdir(exist_ok=True, mode=0o700)
        new = path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)  # lost keys are lost numbers: at no moment is there half a file

    def _key(self, name: str) -> str:
        """A key of this installation, made once."""
        path = self.data_dir / "keys" / name
        with self._usable():
            if not path.exists():
                path.parent.mkdir(exist_ok=True, mode=0o700)
                path.touch(mode=0o600)
                path.write_text(secrets.token_hex(32))
            return path.read_text()

    def service_token(self) -> str:
        """The token with which the services speak to each other."""
        return self.issuer.token(role="machine", agency=PROVINCE, now=now(), subject="motcua", hours=_YEAR_HOURS)

    def note_running(self, addresses: Addresses) -> None:
        """Note where the services answer, for the other commands."""
        self._running.write_text(json.dumps(asdict(addresses)))

    def note_stopped(self) -> None:
        """Nothing answers any more."""
        self._running.unlink(missing_ok=True)

    def running(self) -> Addresses | None:
        """Where the services answer, if any run. A launcher that was killed leaves its note behind: so the launcher
        must live, and somebody answer. Raises DataDirUnusable."""
        with self._usable():
            try:
                noted = Addresses(**json.loads(self._running.read_text()))
            except (FileNotFoundError, ValueError, TypeError):
                return None
        return noted if _lives(noted.pid) and any(map(_answers, (noted.intake, noted.routing, noted.stats))) else None

    def note_replay(self, choice: str) -> None:
        """Remember which dossiers were asked for, so that a later start does not bring others."""
        with self._usable():
            self._replay.write_text(choice)

    def replay(self) -> str | None:
        """The choice remembered, if one was made."""
        with suppress(OSError):
            return self._replay.read_text().strip() or None
        return None

    @contextmanager
    def _usable(self) -> Iterator[None]:
        """What the file system refuses is told with the data directory's name."""
        try:
            yield
        except OSError as error:
            raise DataDirUnusable(self.data_dir, error) from error


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's
    return True


def _answers(address: str) -> bool:
    place = urlsplit(address)
    with suppress(OSError), socket.create_connection((place.hostname or "", place.port or 80), timeout=2):
        return True
    return False
