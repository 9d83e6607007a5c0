"""What of a person may be erased, and what stands in its place. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.domain.lifecycle import Status
from shared.domain.personal import Datum, as_seen, same_number

#: What stands where a name or a reason has to.
ERASED = "(đã xóa)"
#: Dossiers of which nothing is left to do: what is open, or waits to be collected, still needs to know whose it is.
ENDED = frozenset({Status.NOT_ACCEPTED, Status.WITHDRAWN, Status.STOPPED, Status.RETURNED})


@dataclass(frozen=True, slots=True)
class Found:
    """Where a person stands. whole: dossiers that are theirs, each with its code and status; submitted: that they
    handed in for somebody; noted: (dossier, event) whose correction took them out as a wrong applicant, or as
    who had handed it in. number: by which they were looked for."""

    whole: Mapping[int, tuple[str, Status]]
    submitted: Mapping[int, tuple[str, Status]]
    noted: Sequence[tuple[int, int]] = ()
    number: str | None = None
    #: What they have sent: each with its code, and whether it is over.
    petitions: Mapping[int, tuple[str, bool]] = field(default_factory=dict)

    @property
    def dossiers(self) -> list[int]:
        """All of them, in order."""
        return sorted({*self.whole, *self.submitted, *(dossier_id for dossier_id, _ in self.noted)})

    def erasable(self) -> "Found":
        """What of it may be erased: where the dossier has ended. Whoever was taken for an applicant by mistake has no
        dossier to wait for."""
        over = {petition_id: told for petition_id, told in self.petitions.items() if told[1]}
        return Found(_ended(self.whole), _ended(self.submitted), self.noted, petitions=over)

    @property
    def count(self) -> int:
        """How many dossiers, and petitions."""
        return len(self.dossiers) + len(self.petitions)

    def codes(self) -> list[str]:
        """The codes of dossiers that are theirs, or that they handed in."""
        both = {**self.whole, **self.submitted}
        return sorted(code for code, _ in [*both.values(), *self.petitions.values()])

    def open(self) -> list[str]:
        """The codes of dossiers that have not ended."""
        both = {**self.whole, **self.submitted}
        unanswered = [code for code, over in self.petitions.values() if not over]
        return sorted([*(code for code, status in both.values() if status not in ENDED), *unanswered])


def _ended(found: Mapping[int, tuple[str, Status]]) -> dict[int, tuple[str, Status]]:
    return {dossier_id: told for dossier_id, told in found.items() if told[1] in ENDED}


def takes_out_another(detail: Mapping[str, Any] | None) -> bool:
    """Whether the words of an event are those of a correction that took somebody else out of a dossier: it replaced the
    name, and with it the number or two of the other data. Whoever has mistyped a name has mistyped one."""
    was = (detail or {}).get("was", {})
    others = [datum for datum in Datum if datum.value in was]
    return "applicant_name" in was and (Datum.ID_NUMBER in others or len(others) > 1)


def own_part(was: Mapping[str, Any], submitter: Mapping[str, Any] | None, number: str | None) -> dict[str, Any]:
    """Of what a correction replaced, what is of whoever has this number: an applicant's data, or those of who handed
    the dossier in. submitter: as it is in `was`, read."""
    kept = was.get(Datum.ID_NUMBER)
    if number is None or (kept is not None and same_number(kept, number)):
        told = submitter_told(submitter, kept)
        return {**was, "submitted_by": told} if "submitted_by" in was else dict(was)
    return {"submitted_by": submitter}


def submitter_told(submitter: Mapping[str, Any] | None, applicant: str | None) -> dict[str, Any] | None:
    """Who handed a dossier in, as its applicant is told: another's number and phone are that one's business.
    applicant: the applicant's number."""
    if submitter is None:
        return None
    number = submitter.get(Datum.ID_NUMBER)
    own = number is not None and applicant is not None and same_number(number, applicant)
    seen = frozenset(Datum) if own else frozenset[Datum]()
    return {
        **submitter,
        **{datum.value: as_seen(submitter[datum], datum, seen) for datum in Datum if datum in submitter},
    }
