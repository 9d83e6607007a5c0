"""What is worth a checkpoint, and when and how much is folded."""

from datetime import date

#: Events per transaction: about half a second of work, so that a stop loses little and a report waits for nothing.
BATCH = 50_000

#: How often the consumer looks into the log: a look costs a fifth of a millisecond.
LOOK_SECONDS = 0.05
#: So many events are folded as soon as they are seen: each adds some 5 µs to every report until then.
MANY = 1_000
#: Fewer cost a report little, and a fold has a price too: they wait for company for so many looks.
LOOKS = 4

#: Checkpoints wait for so many looks at an empty log. Made between two chunks of an import, each later chunk would have
#: to be added to all months after it: a million updates for the letter's half-year, and 6 of its 18 seconds.
CALM_LOOKS = 20


def worth_folding(waiting: int, look: int) -> bool:
    """Whether `waiting` events are folded now, at the `look`-th look since the last fold."""
    return waiting >= MANY or (waiting > 0 and look >= LOOKS)


def checkpoints_until(today: date) -> date:
    """The first day of the latest month whose checkpoint is due: all months before it are complete."""
    return today.replace(day=1)
