"""How much is measured: enough for figures that hold, or just enough to see that the measuring works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """The sizes of a run."""

    name: str
    #: Alternations of ours and the reference, and how long each lasts.
    rounds: int
    seconds: float
    #: Receptions whose write-ahead log is weighed, per round.
    weighed: int
    #: The half-year is imported divided by this.
    import_divisor: int
    #: The half-year that is told to the national database is divided by this.
    national_divisor: int
    #: Dossiers in the first state and the second.
    dossiers: tuple[int, int]
    #: Open dossiers that a change of the calendar moves.
    open_dossiers: int
    #: How often a report, a page of the overdue list, and the bytes of a page are made.
    reports: int
    pages: int
    renderings: int
    #: Receipts printed in a round.
    receipts: int
    #: Cold and warm starts.
    starts: int


FULL = Scale(
    name="full",
    rounds=3,
    seconds=8,
    weighed=20_000,
    import_divisor=1,
    national_divisor=1,
    dossiers=(1_000_000, 10_000_000),
    open_dossiers=100_000,
    reports=100,
    pages=1000,
    renderings=2000,
    receipts=1000,
    starts=3,
)
SMALL = Scale(
    name="small",
    rounds=1,
    seconds=1,
    weighed=300,
    import_divisor=100,
    national_divisor=1000,
    dossiers=(5_000, 20_000),
    open_dossiers=500,
    reports=5,
    pages=50,
    renderings=50,
    receipts=40,
    starts=1,
)
