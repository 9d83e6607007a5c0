"""The rows of `make bench`, in the order in which they run."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bench import (
    authentication,
    bulk,
    deadlines,
    editions,
    exports,
    forms,
    imports,
    index_766,
    intake,
    national,
    on_demand,
    overdue,
    pages,
    policies,
    recompute,
    reports,
    starts,
    verification,
    wal,
)
from bench.figures import Figure
from bench.ground import Ground

ROWS: Mapping[str, Callable[[Ground], list[Figure]]] = MappingProxyType(
    {
        "start": starts.measure,
        "pages": pages.measure,
        "authentication": authentication.measure,
        "policies": policies.measure,
        "deadlines": deadlines.measure,
        "receipts": forms.measure,
        "intake": intake.measure,
        "log": wal.measure,
        "import": imports.measure,
        "report": reports.measure,
        "index-766": index_766.measure,
        "on-demand": on_demand.measure,
        "verify": verification.measure,
        "edition": editions.measure,  # after it: verify would compute the edition again too
        "overdue": overdue.measure,
        "exports": exports.measure,
        "recompute": recompute.measure,
        "national": national.measure,
        "bulk": bulk.measure,
    }
)
