"""The edge at which time enters. Everything below takes `now` as an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, aware."""
    return datetime.now(UTC)  # noqa: TID251
