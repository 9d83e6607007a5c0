"""Structured logs: one JSON object a line, Vietnamese readable, no personal data."""

import logging
import sys
from datetime import UTC, datetime

import orjson
import structlog


def configure(level: str, room: str) -> None:
    """Send all logs of this process to stderr as JSON lines that name the room."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event, default=str).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(room=room)
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(_LibraryLine(room))
    logging.basicConfig(level=logging.WARNING, handlers=[lines])


class _LibraryLine(logging.Formatter):
    """What a library says, as one line like ours. Its template without the values, and of an error its type: either
    may hold what a citizen has sent."""

    def __init__(self, room: str) -> None:
        super().__init__()
        self._room = room

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        said = {
            "event": str(record.msg).strip(),
            "logger": record.name,
            "error": record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None,
            "room": self._room,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        return orjson.dumps({name: value for name, value in said.items() if value is not None}).decode()
