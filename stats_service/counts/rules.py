"""What is worth a checkpoint, and how much is folded at once."""

from datetime import date

#: Events per transaction: about half a second of work, so that a stop loses little and a report waits for nothing.
BATCH = 50_000


def checkpoints_until(today: date) -> date:
    """The first day of the latest month whose checkpoint is due: all months before it are complete."""
    return today.replace(day=1)
