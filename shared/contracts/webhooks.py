"""Webhooks as they go over the wire: who is told of what, and what became of each message."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from shared.contracts.fields import Code, Incoming, LongLine

#: What can be told of: the events of a dossier's log, its movements, and that its date comes or has passed.
WebhookKind = Literal[
    "submitted",
    "accepted",
    "not_accepted",
    "processing_started",
    "supplement_requested",
    "supplemented",
    "payment_requested",
    "paid",
    "extended",
    "apologised",
    "rescheduled",
    "corrected",
    "withdrawn",
    "stopped",
    "finished",
    "result_recorded",
    "returned",
    "reopened",
    "transferred",
    "due_soon",
    "overdue",
]
WebhookState = Literal["active", "paused", "disabled", "deleted"]
DisabledReason = Literal["gone", "secret_unreadable"]
DeliveryState = Literal["waiting", "delivered", "dead"]
DeliveryError = Literal[
    "address_not_allowed",
    "unreachable",
    "tls",
    "timed_out",
    "no_http",
    "redirected",
    "refused",
    "gone",
    "secret_unreadable",
    "too_old",
]

_URL = "https://dvc.quangtri.example/motcua/webhook"
Url = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Kinds = Annotated[list[WebhookKind], Field(min_length=1, max_length=40)]
DueSoonDays = Annotated[int, Field(strict=True, ge=0, le=30)]
_KINDS = Field(description="Of which kinds of events it is told", examples=[["accepted", "transferred", "finished"]])
_TARGET = Field(description="Where messages are sent; https, and no address of a network of ours", examples=[_URL])
_DAYS = Field(description="Working days left, at most, when `due_soon` is told", examples=[2])
_SAID = Field(description="What it is for", examples=["Cổng dịch vụ công của tỉnh"])


class WebhookChange(Incoming):
    """What a webhook is to be from now on."""

    url: Url = _TARGET
    kinds: Kinds = _KINDS
    due_soon_days: DueSoonDays = Field(
        2, description="Working days left, at most, when `due_soon` is told", examples=[2]
    )
    description: LongLine | None = Field(None, description="What it is for", examples=["Cổng dịch vụ công của tỉnh"])


class WebhookIn(WebhookChange):
    """Nơi nhận thông báo: an address that is told of what happens to an agency's dossiers."""

    agency: Code | None = Field(
        None,
        description="Of whose dossiers: received or held by it, or by any unit under it. Default: the token's agency",
        examples=["19333"],
    )


class Rotation(Incoming):
    """For how long the old secret signs beside the new one."""

    overlap_hours: int = Field(
        24,
        strict=True,
        ge=0,
        le=168,
        description="Hours in which both secrets sign; 0: the old one ends at once",
        examples=[24],
    )


class Webhook(BaseModel):
    """An address that is told of what happens to an agency's dossiers. Its secret is never shown again."""

    id: int = Field(description="Its number", examples=[3])
    agency: str = Field(description="Of whose dossiers", examples=["19333"])
    agency_name: str = Field(description="Its name", examples=["Phường Đông Hà"])
    url: str = _TARGET
    kinds: list[WebhookKind] = _KINDS
    due_soon_days: int = _DAYS
    description: str | None = _SAID
    state: WebhookState = Field(
        description="paused: messages wait, nothing is sent. disabled: by the target itself; nothing is collected",
        examples=["active"],
    )
    disabled_reason: DisabledReason | None = Field(
        description="gone: the target answered 410. secret_unreadable: the key that sealed its secret is missing",
        examples=[None],
    )
    resting_until: datetime | None = Field(
        description="It failed several times in a row: until then nothing is tried", examples=[None]
    )
    previous_secret_until: datetime | None = Field(
        description="Until when the secret before signs too; null: it does not", examples=[None]
    )
    delivered: int = Field(description="Messages that were taken", examples=[120])
    failed: int = Field(description="Attempts that failed", examples=[2])
    dead: int = Field(description="Messages that were given up", examples=[0])
    created_at: datetime = Field(description="Since when it is told", examples=["2026-11-25T16:00:00+07:00"])
    created_by: str = Field(description="Who made it, as the token names them", examples=["admin@44"])
    version: int = Field(description="Its ETag", examples=[1])


class WebhookWithSecret(Webhook):
    """A webhook with its secret, which is shown now and never again."""

    secret: str = Field(
        description="With which messages are signed (Standard Webhooks): keep it where the target can read it",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )


class WebhookPage(BaseModel):
    """Webhooks, the oldest first."""

    items: list[Webhook]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])


class Delivery(BaseModel):
    """A message, and what became of it."""

    id: str = Field(description="Its `webhook-id`: the same at each attempt", examples=["msg_3f1c0a2e7b1d4d6b9a53"])
    kind: str = Field(description="What it tells of; `test`: of nothing", examples=["finished"])
    code: str | None = Field(description="The dossier's code", examples=["19333-261123-0001"])
    state: DeliveryState = Field(description="dead: given up; it can be sent again", examples=["delivered"])
    attempts: int = Field(description="How often it was tried", examples=[1])
    next_attempt_at: datetime | None = Field(description="When it is tried next", examples=[None])
    last_attempt_at: datetime | None = Field(
        description="When it was tried last", examples=["2026-11-25T16:00:02+07:00"]
    )
    last_status: int | None = Field(description="What the target answered then", examples=[204])
    last_error: DeliveryError | None = Field(description="Why that was no success", examples=[None])
    created_at: datetime = Field(description="When it was made", examples=["2026-11-25T16:00:01+07:00"])
    delivered_at: datetime | None = Field(description="When it was taken", examples=["2026-11-25T16:00:02+07:00"])


class DeliveryPage(BaseModel):
    """Messages, the newest first."""

    items: list[Delivery]
    next: str | None = Field(description="Cursor of the next page, null at the end", examples=[None])


class WebhookSubject(BaseModel):
    """Of which dossier a message tells: nothing of its applicant. What it lacks is read by the link, with a token."""

    event: str = Field(
        description="The event's name, the same in the messages of all webhooks",
        examples=["19333-261123-0001/events/4"],
    )
    code: str = Field(description="The dossier's code", examples=["19333-261123-0001"])
    agency: str = Field(description="The agency that received it", examples=["19333"])
    holder: str = Field(description="The agency that has it in hands", examples=["QT25-D03"])
    occurred_at: datetime = Field(description="When it happened", examples=["2026-11-25T16:00:00+07:00"])
    recorded_at: datetime = Field(description="When that was recorded", examples=["2026-11-25T16:00:00+07:00"])
    link: str = Field(
        description="What it is about, as a path of our interface", examples=["/v1/dossiers/19333-261123-0001"]
    )


class WebhookMessage(BaseModel):
    """What a target is sent, as JSON, signed over its bytes."""

    type: str = Field(description="`dossier.` and the kind; `webhook.test`", examples=["dossier.finished"])
    timestamp: datetime = Field(description="When it happened", examples=["2026-11-25T16:00:00+07:00"])
    data: WebhookSubject | dict[str, Any] = Field(description="Of which dossier; of a test, nothing")
