"""How often something may be asked: a token bucket for each who asks. Pure: `now` is an argument, in seconds."""

from collections import OrderedDict
from typing import NamedTuple


class Rate(NamedTuple):
    """`quota` at once, and as many again in `seconds`: never more than twice the quota in any such span."""

    quota: int
    seconds: float

    @property
    def refill(self) -> float:
        """Tokens a second."""
        return self.quota / self.seconds


class Bucket(NamedTuple):
    """What is left of a quota, in tokens, as of `at`."""

    left: float
    at: float


class Allowance(NamedTuple):
    """Whether it was granted, what is left of the quota, and in how many seconds one more will be there."""

    granted: bool
    left: int
    wait: float


def refilled(bucket: Bucket | None, rate: Rate, now: float) -> Bucket:
    """A bucket as it stands at `now`; nobody's is full. A clock that was put back gives nothing and takes nothing."""
    if bucket is None:
        return Bucket(float(rate.quota), now)
    gone_by = max(0.0, now - bucket.at)
    return Bucket(min(float(rate.quota), bucket.left + gone_by * rate.refill), max(now, bucket.at))


def taken(bucket: Bucket | None, rate: Rate, now: float) -> tuple[Bucket, Allowance]:
    """A bucket after one token was asked of it, and whether it was there."""
    before = refilled(bucket, rate, now)
    granted = before.left >= 1
    after = Bucket(before.left - granted, before.at)
    wait = max(0.0, (1 - after.left) / rate.refill)
    return after, Allowance(granted, int(after.left), wait)


class Buckets:
    """The buckets of all who asked of late, at most `keys` of them: whoever asked longest ago is forgotten first, and
    begins with a full one should he come again."""

    def __init__(self, rate: Rate, keys: int) -> None:
        self.rate = rate
        self._keys = keys
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def has(self, key: str, now: float) -> bool:
        """Whether a token of a bucket is there, without asking for it."""
        return refilled(self._buckets.get(key), self.rate, now).left >= 1

    def take(self, key: str, now: float) -> Allowance:
        """Ask for one token of a bucket."""
        self._buckets[key], allowance = taken(self._buckets.get(key), self.rate, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)
        return allowance
