"""What of a person may be erased, and what stands in its place. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.lifecycle import Status

#: What stands where a name or a reason has to.
ERASED = "(đã xóa)"
#: Dossiers of which nothing is left to do: what is open, or waits to be collected, still needs to know whose it is.
ENDED = frozenset({Status.NOT_ACCEPTED, Status.WITHDRAWN, Status.STOPPED, Status.RETURNED})


@dataclass(frozen=True, slots=True)
class Found:
    """Where a person stands. whole: dossiers that are theirs, each with its code and status; submitted: that they
    handed in for somebody; noted: (dossier, event) whose correction took them out as a wrong applicant."""

    whole: Mapping[int, tuple[str, Status]]
    submitted: Mapping[int, tuple[str, Status]]
    noted: Sequence[tuple[int, int]] = ()

    @property
    def dossiers(self) -> list[int]:
        """All of them, in order."""
        return sorted({*self.whole, *self.submitted, *(dossier_id for dossier_id, _ in self.noted)})

    def erasable(self) -> "Found":
        """What of it may be erased: where the dossier has ended. Whoever was taken for an applicant by mistake has no
        dossier to wait for."""
        return Found(_ended(self.whole), _ended(self.submitted), self.noted)

    def codes(self) -> list[str]:
        """The codes of dossiers that are theirs, or that they handed in."""
        return sorted(code for code, _ in {**self.whole, **self.submitted}.values())

    def open(self) -> list[str]:
        """The codes of dossiers that have not ended."""
        both = {**self.whole, **self.submitted}
        return sorted(code for code, status in both.values() if status not in ENDED)


def _ended(found: Mapping[int, tuple[str, Status]]) -> dict[int, tuple[str, Status]]:
    return {dossier_id: told for dossier_id, told in found.items() if told[1] in ENDED}
