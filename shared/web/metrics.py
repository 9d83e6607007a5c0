"""What Prometheus is told of a room's requests, and of what it counts in the database."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class Totals(NamedTuple):
    """What was counted in the database, whichever process did it: outcome → how often."""

    name: str
    told: str
    by_outcome: Mapping[str, int]


class Metrics:
    """Counts and durations of requests, by route."""

    def __init__(self, room: str) -> None:
        self.registry = CollectorRegistry()
        labels = ("room", "method", "route", "status")
        self._requests = Counter("motcua_requests", "Requests served", labels, registry=self.registry)
        self._seconds = Histogram(
            "motcua_request_seconds", "Duration of requests", ("room", "method", "route"), registry=self.registry
        )
        self._room = room
        self._known: dict[tuple[str, str, int], tuple[Any, Any]] = {}
        self._kept = _Kept(room)
        self.registry.register(self._kept)

    def keep(self, totals: Totals) -> None:
        """What was read last of what is counted in the database."""
        self._kept.last = totals

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request more."""
        requests, durations = self._known.get((method, route, status)) or self._series(method, route, status)
        requests.inc()
        durations.observe(seconds)

    def _series(self, method: str, route: str, status: int) -> tuple[Any, Any]:
        """Found once: by its labels a series costs 10 µs to find, twice a request."""
        made = (
            self._requests.labels(self._room, method, route, status),
            self._seconds.labels(self._room, method, route),
        )
        self._known[method, route, status] = made
        return made


class _Kept(Collector):
    def __init__(self, room: str) -> None:
        self.last: Totals | None = None
        self._room = room

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The totals as Prometheus takes them."""
        if self.last is not None:
            family = CounterMetricFamily(self.last.name, self.last.told, labels=("room", "outcome"))
            for outcome, count in self.last.by_outcome.items():
                family.add_metric((self._room, outcome), count)
            yield family
