"""Verifying what intake wrote: chains, dossiers, words."""

from collections.abc import AsyncIterator, Mapping

from intake_service.verification import rules, store
from intake_service.verification.sieve.store import sifted
from shared.domain.differences import Difference, Span
from shared.web.checks import Check
from shared.web.database import Connection

ROLE = "motcua_intake"
_FIELDS = (*store.CACHED, *store.DERIVED)


class Dossiers(Check):
    """Each event follows from the one before it, and each dossier is what its last event says."""

    role = ROLE

    def __init__(self) -> None:
        super().__init__()
        self._agencies: Mapping[int, str] = {}

    async def begin(self, connection: Connection) -> None:
        """Agencies are told by their codes."""
        self._agencies = await store.agency_codes(connection)

    async def look(self, connection: Connection, span: Span) -> AsyncIterator[Difference]:
        """What does not fit in a range of dossiers."""
        passed = await sifted(connection, span)
        self.seen.update(events=passed.events, dossiers=passed.dossiers, words_noted=passed.noted)
        if passed.kept == []:
            return
        async for part, dossier_id, name, seq, expected, found in store.looked_at(connection, span, passed.kept):
            if part == "event":
                yield rules.of_event(name, dossier_id, seq, expected, found)
            elif seq is None:
                yield rules.eventless(name)
            else:
                for difference in rules.of_dossier(_FIELDS, name, self._agencies, expected, found):
                    yield difference

    async def conclude(self, connection: Connection) -> AsyncIterator[Difference]:
        """What stands before all ranges, and is seen by no check."""
        lowest = await store.below_all_ranges(connection)
        if lowest is not None:
            yield rules.out_of_range(lowest)


class Notes(Check):
    """The words of each event are those whose hash its payload holds. Words that were erased prove nothing."""

    role = ROLE

    async def look(self, connection: Connection, span: Span) -> AsyncIterator[Difference]:
        """The words of a range that were changed."""
        async for row in store.notes(connection, span):
            self.seen["words"] += 1
            if row["eventless"] or row["chained"] != row["hash"]:
                yield rules.of_note(row["name"], row["dossier_id"], row["seq"], row["chained"], row["hash"])
