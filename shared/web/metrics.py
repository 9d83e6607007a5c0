"""What Prometheus is told of a room's requests."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram


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
