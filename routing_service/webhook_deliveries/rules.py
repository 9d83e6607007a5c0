"""What routing decides about messages: what they say, when one is tried again, and when a target is let rest. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
from standardwebhooks import Webhook

from shared.domain.civil_time import shown

#: After which attempt how long, as Standard Webhooks recommends: five seconds at first, a day at last, three in all.
DELAYS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
ATTEMPTS = len(DELAYS) + 1
LONGEST_DELAY = DELAYS[-1]
#: Whoever fails together is not tried together again.
_JITTER = 0.2
#: A target that failed so often in a row, whatever it was sent, rests: half a minute, doubled each time, up to an hour.
RESTS_AFTER = 5
_REST, _LONGEST_REST = 30, 3_600
#: What was recorded so long after it had happened was brought in from another system, and is no news.
NEWS = timedelta(days=7)
#: How long what is over is kept, and what waits is waited with.
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: a status, or why there is none."""

    status: int | None = None
    error: str | None = None
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done. next_at: of what waits. failures, resting_until: of the target from now on. disables: why
    nothing is sent there any more."""

    state: str
    error: str | None
    next_at: datetime | None
    failures: int
    resting_until: datetime | None
    disables: str | None = None


def judged(answer: Answer, *, attempts: int, failures: int, draw: float, now: datetime) -> Verdict:
    """What comes of an answer. attempts: with this one. failures: of the target before it, in a row. draw: by chance,
    from 0 to 1."""
    error = answer.error or error_of(answer.status)
    if error is None:
        return Verdict("delivered", None, None, 0, None)
    if error in ("gone", "secret_unreadable"):
        return Verdict("dead", error, None, 0, None, disables=error)
    # Whoever refuses one message answers, and is there for the next.
    failed = 0 if error == "refused" and not _is_ill(answer.status) else failures + 1
    rest = resting(failed)
    delay = delay_after(attempts, draw, answer.retry_after if _is_ill(answer.status) else None)
    return Verdict(
        state="waiting" if delay is not None else "dead",
        error=error,
        next_at=now + delay if delay is not None else None,
        failures=failed,
        resting_until=now + rest if rest is not None else None,
    )


def error_of(status: int | None) -> str | None:
    """Why a status is no success; None where it is one."""
    assert status is not None, "an attempt has a status or an error"
    if 200 <= status < 300:
        return None
    if status == 410:
        return "gone"
    return "redirected" if 300 <= status < 400 else "refused"


def _is_ill(status: int | None) -> bool:
    """Whether a target says of itself that it cannot just now."""
    return status is not None and (status >= 500 or status in (408, 429))


def delay_after(attempts: int, draw: float, retry_after: int | None = None) -> timedelta | None:
    """How long until a message is tried again that was tried so often; None: it is given up. A target that asks for
    longer gets it, up to a day."""
    if attempts >= ATTEMPTS:
        return None
    seconds = DELAYS[attempts - 1] * (1 + _JITTER * draw)
    return timedelta(seconds=min(LONGEST_DELAY, max(seconds, retry_after or 0)))


def resting(failures: int) -> timedelta | None:
    """How long a target rests that failed so often in a row."""
    if failures < RESTS_AFTER:
        return None
    return timedelta(seconds=min(_LONGEST_REST, _REST * 2 ** min(failures - RESTS_AFTER, 10)))


@dataclass(frozen=True, slots=True)
class Happened:
    """Something of a dossier that can be told of. concerned: the agencies that it is a matter of. event: its name,
    the same for all who are told."""

    event: str
    kind: str
    dossier_id: int
    code: str
    agency: str
    holder: str
    concerned: frozenset[int]
    occurred_at: datetime
    recorded_at: datetime
    link: str


def is_news(happened: Happened, since: datetime) -> bool:
    """Whether it is told to who is told since then."""
    return happened.recorded_at >= since and happened.recorded_at - happened.occurred_at <= NEWS


def body_of(happened: Happened) -> str:
    """What a message says, byte for byte as it will be signed. No word of an applicant is in it, nor of an officer."""
    return _written(
        f"dossier.{happened.kind}",
        happened.occurred_at,
        {
            "event": happened.event,
            "code": happened.code,
            "agency": happened.agency,
            "holder": happened.holder,
            "occurred_at": shown(happened.occurred_at),
            "recorded_at": shown(happened.recorded_at),
            "link": happened.link,
        },
    )


def test_body(now: datetime) -> str:
    """What a test message says."""
    return _written("webhook.test", now, {})


def _written(kind: str, at: datetime, data: Mapping[str, object]) -> str:
    return orjson.dumps({"type": kind, "timestamp": shown(at), "data": data}).decode()


def signed(message_id: str, body: str, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks: a signature for each secret, the newest first."""
    at = now.astimezone(UTC)  # the library takes the clock's face for UTC
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, at, body) for secret in secrets),
    }
