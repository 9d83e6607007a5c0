"""Which forms a dossier has: which event makes one, which edition it is, and under which circular it is printed.

Pure: everything comes from the dossier's history. What was printed once can be printed again as it was.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from shared.domain.civil_time import civil_day
from shared.domain.deadline import Account
from shared.domain.explanation import Told
from shared.domain.lifecycle import ApologyKind, EventKind, Outcome, Status
from shared.domain.personal import Datum
from shared.web.problems import Problem, Reason


class FormKind(StrEnum):
    """What a form is for. Its number is the circular's and changes with it: it is never the key."""

    RECEIPT = "receipt"
    SUPPLEMENT = "supplement"
    REFUSAL = "refusal"
    APOLOGY = "apology"
    STOP = "stop"
    CONTROL_SLIP = "control-slip"
    LEDGER = "ledger"
    #: What an apology for a lost or damaged dossier is written on: no circular has a form for it.
    LOSS_LETTER = "loss-letter"


#: Those of one dossier; the ledger is an agency's, and a letter for a loss is an apology.
OF_A_DOSSIER = tuple(kind for kind in FormKind if kind not in (FormKind.LEDGER, FormKind.LOSS_LETTER))


#: What stands on a form of the applicant beside the name; the rest is not printed on it.
PRINTED: Mapping[FormKind, frozenset[Datum]] = MappingProxyType(
    {
        FormKind.RECEIPT: frozenset(Datum),
        FormKind.SUPPLEMENT: frozenset(Datum),
        FormKind.REFUSAL: frozenset(Datum),
        FormKind.STOP: frozenset({Datum.ADDRESS}),
        FormKind.APOLOGY: frozenset(),
        FormKind.CONTROL_SLIP: frozenset(),
        FormKind.LEDGER: frozenset({Datum.PHONE, Datum.ADDRESS}),
        FormKind.LOSS_LETTER: frozenset(),
    }
)


@dataclass(frozen=True, slots=True)
class FormVersion:
    """A form as one circular has it; of a letter that no circular has, number is empty and legal_basis the decree.
    valid_from None: from the beginning; valid_to: last day; None: still. `confirmed` is false where its printed body
    was not read."""

    kind: str
    legal_basis: str
    number: str
    title: str
    paper: str
    valid_from: date | None
    valid_to: date | None
    confirmed: bool
    basis: str


class FormsLoaded(NamedTuple):
    """What a load changed."""

    forms: int

    @property
    def anything(self) -> bool:
        """Whether any form is new or different."""
        return self.forms > 0


class BrokenForms(ValueError):
    """The list has two versions of a form on one day, or a form that nobody can fill in."""


class Entry(NamedTuple):
    """An event as a form needs it: with the dossier before and after it, who did it, and what it says in words (None
    where nothing was said, or where it was erased)."""

    told: Told
    recorded_at: datetime
    actor: str
    agency_id: int
    payload: Mapping[str, Any]
    reason: str | None = None
    detail: Mapping[str, Any] = MappingProxyType({})

    @property
    def kind(self) -> EventKind:
        """What happened."""
        return self.told.event.kind

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.told.event.at


class Receipt(NamedTuple):
    """That the taker has what was handed over."""

    occurred_at: datetime
    recorded_at: datetime
    actor: str


class HandOver(NamedTuple):
    """Who gave the dossier to whom, and when: a line of the control slip. Agencies by id. kind: as routing has it."""

    kind: str
    giver: int
    giver_desk: str | None
    taker: int
    taker_desk: str | None
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    note: str | None
    received: Receipt | None = None


class Edition(NamedTuple):
    """One sheet of a dossier: the `number`-th of its kind, made by the entry at `upto`, with what was recorded by
    `known_at`. Whatever came later is not on it.

    issue: how often the form was issued so far, and issued_by: the entry that did so last. They differ from number and
    upto where an edition completes the one before. form: what it is printed on.
    """

    kind: FormKind
    number: int
    made_at: datetime
    upto: int
    known_at: datetime
    issue: int
    issued_by: int
    form: FormKind


class Share(NamedTuple):
    """Until when the agency that received a linked dossier is done with its own first share, by the plan that routing
    had made when it opened the case. known: the entry that says so."""

    known: int
    agency_id: int
    due_at: datetime


def need_distinct(versions: Sequence[FormVersion]) -> None:
    """Raise BrokenForms unless each version is of a known kind, and no day has two versions of one."""
    known = set(FormKind)
    for at, version in enumerate(versions):
        if version.kind not in known:
            raise BrokenForms(f"no form is a {version.kind}")
        for other in versions[at + 1 :]:
            if other.kind == version.kind and _overlap(version, other):
                raise BrokenForms(f"{version.kind} has two versions on one day")


def _overlap(one: FormVersion, other: FormVersion) -> bool:
    begin = max(one.valid_from or date.min, other.valid_from or date.min)
    return begin <= min(one.valid_to or date.max, other.valid_to or date.max)


def version_on(versions: Sequence[FormVersion], kind: FormKind, day: date) -> FormVersion | None:
    """The form as it is printed on `day`; None where no circular had it."""
    for version in versions:
        if version.kind == kind and (version.valid_from or date.min) <= day <= (version.valid_to or date.max):
            return version
    return None


def editions(
    history: Sequence[Entry], hand_overs: Sequence[HandOver] = (), share: Share | None = None
) -> list[Edition]:
    """All sheets of a dossier that were ever due, by kind, the newest of each last. share: of a linked one, once it is
    known."""
    made: list[Edition] = []
    for kind in OF_A_DOSSIER:
        match kind:
            case FormKind.RECEIPT:
                made += _receipts(history, share)
            case FormKind.CONTROL_SLIP:
                made += _slips(history, hand_overs)
            case _:
                makes = _MAKES[kind]
                upto = [at for at, entry in enumerate(history) if makes(entry)]
                made += [_made(kind, number, history, at) for number, at in enumerate(upto, 1)]
    return made


def _made(kind: FormKind, number: int, history: Sequence[Entry], at: int) -> Edition:
    entry = history[at]
    form = FormKind.LOSS_LETTER if kind is FormKind.APOLOGY and is_for_a_loss(entry) else kind
    return Edition(kind, number, entry.at, at, entry.recorded_at, number, at, form)


def _receipts(history: Sequence[Entry], share: Share | None) -> Iterator[Edition]:
    """What is issued, and once the share is known the completion of what was issued by then: an edition of its own,
    since the one before may have been printed; the same receipt, since nothing on it was otherwise."""
    number = issue = issued_by = 0
    for at, entry in enumerate(history):
        issues = _makes_receipt(entry)
        if issues:
            issue, issued_by = issue + 1, at
        if issues or (share is not None and share.known == at):
            number += 1
            issued_at = history[issued_by].at
            yield Edition(
                FormKind.RECEIPT, number, issued_at, at, entry.recorded_at, issue, issued_by, FormKind.RECEIPT
            )


def share_of(history: Sequence[Entry], stood: Sequence[Mapping[str, Any]]) -> Share | None:
    """The share of whoever had received the dossier when its processing began; None where it is not linked, or nobody
    knows yet."""
    for at, entry in enumerate(history):
        if entry.kind is EventKind.PROCESSING_STARTED and "receiving_due_at" in entry.payload:
            return Share(at, stood[at]["agency_id"], datetime.fromisoformat(entry.payload["receiving_due_at"]))
    return None


def holds(share: Share | None, edition: Edition, history: Sequence[Entry], agency_id: int) -> bool:
    """Whether the share stands on a receipt of what `agency_id` received: it was known, and no date has moved since.
    The plan is of the day of reception, and means nothing beside a date that was appointed anew."""
    if share is None or edition.upto < share.known or agency_id != share.agency_id:
        return False
    then, now = history[share.known].told.after.account, history[edition.upto].told.after.account
    return then is not None and now is not None and _dates(then) == _dates(now)


def _dates(account: Account) -> tuple[datetime, datetime | None]:
    return account.accepted_at, account.promised.at if account.promised else None


def may_be_completed(history: Sequence[Entry]) -> bool:
    """Whether the receipt is still without what routing knows of a linked dossier: it opens the case of whatever was
    accepted, and intake then notes that the processing began."""
    return bool(history) and history[-1].told.after.status is Status.ACCEPTED


#: What is said anew, whatever date it leaves.
_SAID_ANEW = frozenset({EventKind.ACCEPTED, EventKind.CORRECTED})


def _makes_receipt(entry: Entry) -> bool:
    """A date that was printed never changes silently: whatever moves it is printed anew, or, if it is the agency's
    own wish, on the apology (Decree 61/2018 art. 19(9), 12(5))."""
    account = entry.told.after.account
    if account is None or _is_apology(entry):
        return False
    before = entry.told.before.account if entry.told.before else None
    return (
        entry.kind in _SAID_ANEW
        or (before is not None and account.promised != before.promised)
        or (entry.kind is EventKind.SUPPLEMENTED and bool(entry.detail.get("documents")))
    )


class Said(NamedTuple):
    """An event by what it says: in the log itself, and in words."""

    kind: EventKind
    payload: Mapping[str, Any]
    detail: Mapping[str, Any] = MappingProxyType({})


def as_it_stood(stored: Mapping[str, Any], events: Sequence[Said]) -> list[dict[str, Any]]:
    """What is stored of a dossier, as it stood after each of its events: a correction says what it replaced. An event
    is read by the law and the hours of the place that was taken for right when it happened."""
    now, found = dict(stored), []
    for event in reversed(events):
        found.append(now)
        if event.kind is EventKind.CORRECTED:
            now = {**now, **event.detail.get("was", {})}
            if "was_accepted_at" in event.payload:
                now["received_day"] = civil_day(datetime.fromisoformat(event.payload["was_accepted_at"]))
    return found[::-1]


def is_refusal(entry: Entry) -> bool:
    """Not accepted, or refused on the merits: that is a result (art. 19(8)), and has the same form."""
    refused = entry.payload.get("outcome") == Outcome.REFUSED.name.lower()
    return entry.kind is EventKind.NOT_ACCEPTED or (entry.kind is EventKind.FINISHED and refused)


def _is_apology(entry: Entry) -> bool:
    return entry.kind in (EventKind.EXTENDED, EventKind.APOLOGISED)


def is_for_a_loss(entry: Entry) -> bool:
    """Whether a letter is for a dossier lost or damaged (art. 21), not for lateness."""
    return bool(entry.payload.get("apology") == ApologyKind.LOST_OR_DAMAGED.name.lower())


_MAKES: Mapping[FormKind, Callable[[Entry], bool]] = {
    FormKind.SUPPLEMENT: lambda entry: entry.kind is EventKind.SUPPLEMENT_REQUESTED,
    FormKind.REFUSAL: is_refusal,
    FormKind.APOLOGY: _is_apology,
    FormKind.STOP: lambda entry: entry.kind is EventKind.STOPPED,
}
#: What the control slip shows beside the hand-overs: the reception, the dates, the ends.
_ON_THE_SLIP = frozenset(
    {
        EventKind.ACCEPTED,
        EventKind.EXTENDED,
        EventKind.APOLOGISED,
        EventKind.FINISHED,
        EventKind.WITHDRAWN,
        EventKind.STOPPED,
        EventKind.RETURNED,
        EventKind.REOPENED,
    }
)


def _slips(history: Sequence[Entry], hand_overs: Sequence[HandOver]) -> Iterator[Edition]:
    """The slip goes with the dossier: each step, hand-over and receipt makes it anew, in the order in which they were
    recorded. Both logs are only ever appended to, so an edition stays what it was."""
    steps = [
        (entry.recorded_at, entry.at, at)
        for at, entry in enumerate(history)
        if entry.told.after.account is not None and (entry.kind in _ON_THE_SLIP or _makes_receipt(entry))
    ]
    given = [(each.recorded_at, each.occurred_at, -1) for each in hand_overs]
    taken = [(each.received.recorded_at, each.received.occurred_at, -1) for each in hand_overs if each.received]
    upto, number = -1, 0
    for known_at, moments in groupby(sorted((*steps, *given, *taken)), key=itemgetter(0)):
        together = list(moments)
        upto = max(upto, *(at for _, _, at in together))
        if upto >= 0:  # a slip begins with the reception
            number += 1
            slip = FormKind.CONTROL_SLIP
            yield Edition(slip, number, together[-1][1], upto, known_at, number, upto, slip)


class Sheet(NamedTuple):
    """An edition, and the form that it is printed on."""

    edition: Edition
    version: FormVersion


def sheets(made: Sequence[Edition], versions: Sequence[FormVersion]) -> list[Sheet]:
    """The editions with the forms of their days; without those for which no circular had a form."""
    found = [(edition, version_on(versions, edition.form, civil_day(edition.made_at))) for edition in made]
    return [Sheet(edition, version) for edition, version in found if version is not None]


def chosen(
    made: Sequence[Edition], versions: Sequence[FormVersion], kind: FormKind, number: int | None
) -> Sheet | Problem:
    """An edition of a form, the newest unless one is named; or the refusal that says which there are."""
    of_kind = [edition for edition in made if edition.kind is kind]
    if not of_kind:
        there = dict.fromkeys(sheet.edition.kind.value for sheet in sheets(made, versions))
        available = ", ".join(there) or "–"
        return Problem("form_not_available", Reason("form", "forms_of_the_dossier", {"available": available}))
    if number is not None and number > len(of_kind):
        return Problem("form_not_available", Reason("edition", "editions_of_the_form", {"limit": len(of_kind)}))
    edition = of_kind[-1 if number is None else number - 1]
    day = civil_day(edition.made_at)
    version = version_on(versions, edition.form, day)
    if version is None:
        return Problem("form_not_available", Reason("form", "no_form_in_law", {"day": day.isoformat()}))
    return Sheet(edition, version)
