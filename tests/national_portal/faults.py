"""Faults on demand: plans that a tester lays, each for so many calls of a service. Which call is hit depends on the
seed and on the order of the calls alone."""

from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import Any

#: kind → its own parameters with their defaults
KINDS: dict[str, dict[str, Any]] = {
    "slow": {"seconds": 1.0},
    "broken_json": {"commit": True},
    "http_error": {"status": 500, "commit": False},
    "error_body": {"error_code": -99, "message": "Lỗi hệ thống", "commit": False},
    "drop_before": {"how": "close"},
    "drop_after": {"how": "close"},
    "truncated": {"commit": True},
    "half": {"answer": "error"},
    "shuffled": {},
    "repeated": {},
    "stale": {},
    "down": {"seconds": None, "how": "503"},
}
_ALLOWED: dict[str, dict[str, tuple[str, ...]]] = {
    "how": {"down": ("503", "close"), "": ("close", "reset")},
    "answer": {"": ("error", "per_item", "lie")},
}


@dataclass
class Plan:
    """Let so many calls pass (`skip`), then hit so many (`count`; None: all) of a service ("*": any; "login": the
    login), each with a probability."""

    number: int
    kind: str
    service: str
    skip: int
    count: int | None
    probability: float
    parameters: dict[str, Any]
    random: Random
    began: float = field(default_factory=monotonic)
    met: int = 0
    hit: int = 0

    @property
    def over(self) -> bool:
        seconds = self.parameters.get("seconds")
        timed = self.kind == "down" and seconds is not None and monotonic() - self.began >= seconds
        return timed or (self.count is not None and self.hit >= self.count)

    def strikes(self, service: str) -> bool:
        """Whether this call is hit. Counts it."""
        if self.over or self.service not in ("*", service):
            return False
        self.met += 1
        drawn = self.random.random()
        if self.met <= self.skip or drawn >= self.probability:
            return False
        self.hit += 1
        return True

    def shown(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "kind": self.kind,
            "service": self.service,
            "skip": self.skip,
            "count": self.count,
            "probability": self.probability,
            "met": self.met,
            "hit": self.hit,
            "over": self.over,
            **self.parameters,
        }


class Faults:
    """The plans laid, in their order."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.plans: list[Plan] = []

    def lay(self, given: dict[str, Any]) -> Plan:
        """A plan from JSON; a ValueError names what is wrong."""
        kind = given.get("kind")
        if kind not in KINDS:
            raise ValueError(f"kind: one of {sorted(KINDS)}")
        # Down is until it is cleared or the time is over; the others hit one call unless told otherwise.
        plan: dict[str, Any] = {"service": "*", "skip": 0, "count": None if kind == "down" else 1, "probability": 1.0}
        parameters = dict(KINDS[kind])
        for name, value in given.items():
            if name == "kind":
                continue
            if name not in plan and name not in parameters:
                raise ValueError(f"{kind} has no {name}")
            allowed = _ALLOWED.get(name, {})
            choices = allowed.get(kind, allowed.get("", ()))
            if choices and value not in choices:
                raise ValueError(f"{name}: one of {choices}")
            (plan if name in plan else parameters)[name] = value
        for name in ("skip", "count", "probability"):
            value = plan[name]
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
                raise ValueError(f"{name}: a number that is not negative")
        number = len(self.plans) + 1
        made = Plan(number, kind, **plan, parameters=parameters, random=Random(f"{self._seed}:{number}"))
        self.plans.append(made)
        return made

    def clear(self) -> None:
        """Take all plans away. Numbers, and with them the draws, begin anew."""
        self.plans.clear()

    def met(self, service: str) -> list[Plan]:
        """The plans that hit this call: all that make it slow, and the first that does anything else."""
        found: list[Plan] = []
        for plan in self.plans:
            if plan.kind != "slow" and any(other.kind != "slow" for other in found):
                continue
            if plan.strikes(service):
                found.append(plan)
        return found
