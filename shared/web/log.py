"""Structured logs: one JSON object a line, Vietnamese readable, no personal data."""

import logging
import sys

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
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
