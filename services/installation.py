"""What an installation keeps in its data directory: keys, addresses of what runs, logs."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from services.local_issuer import LocalIssuer
from services.province import PROVINCE
from shared.web.clock import now

_YEAR_HOURS = 24.0 * 366


@dataclass(frozen=True)
class Addresses:
    """Where the three services of a running installation answer."""

    intake: str
    routing: str
    stats: str
    pid: int


class Installation:
    """A data directory (default `.motcua`)."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.logs = data_dir / "logs"
        self._running = data_dir / "running.json"

    def prepare(self) -> None:
        """Make the directories, for their owner only."""
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.logs.mkdir(exist_ok=True, mode=0o700)

    @property
    def issuer(self) -> LocalIssuer:
        """The token issuer whose key lives here."""
        return LocalIssuer(self.data_dir)

    def cursor_key(self) -> str:
        """The key that signs page cursors, made once."""
        path = self.data_dir / "keys" / "cursor"
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
        """Where the services answer, if any run."""
        try:
            return Addresses(**json.loads(self._running.read_text()))
        except (OSError, ValueError, TypeError):
            return None
