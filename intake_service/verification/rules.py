"""What is said of a dossier that is not what its events make it."""

from collections.abc import Iterator, Mapping, Sequence

from shared.domain.differences import Difference

CHAIN, DOSSIER, NOTE = "chain", "dossier", "note"


def of_event(name: str | None, dossier_id: int, seq: int, expected: Sequence[str], found: Sequence[str]) -> Difference:
    """An event that does not follow from the one before it. `expected`, `found`: sequence number, hash."""
    if name is None:
        return Difference(CHAIN, "dossierless", f"#{dossier_id} · {seq}", None, found[1])
    what = "gap" if expected[0] != found[0] else "hash"
    at = 0 if what == "gap" else 1
    return Difference(CHAIN, what, f"{name} · {seq}", expected[at], found[at])


def of_dossier(
    names: Sequence[str],
    name: str,
    agencies: Mapping[int, str],
    expected: Sequence[str | None],
    found: Sequence[str | None],
) -> Iterator[Difference]:
    """Each field of a dossier's row, by `names`, that is not what its last event says."""
    for field, ours, theirs in zip(names, expected, found, strict=True):
        if ours != theirs:
            if field == "agency_id":
                ours, theirs = agency(agencies, ours), agency(agencies, theirs)
            yield Difference(CHAIN if field in _HEAD else DOSSIER, field, name, ours, theirs)


#: Of a row: what the chain ends in. It does not where events were taken off its end, or put there.
_HEAD = ("event_seq", "event_hash")


def eventless(name: str) -> Difference:
    """A dossier of which the log knows nothing."""
    return Difference(CHAIN, "eventless", name, "1", None)


def out_of_range(dossier_id: int) -> Difference:
    """A number that no dossier is given."""
    return Difference(CHAIN, "number", f"#{dossier_id}", None, str(dossier_id))


def of_note(name: str | None, dossier_id: int, seq: int, chained: str | None, made: str) -> Difference:
    """Words that are not those whose hash the chain holds."""
    return Difference(NOTE, "words", f"{name or f'#{dossier_id}'} · {seq}", chained, made)


def agency(codes: Mapping[int, str], text: str | None) -> str | None:
    """An agency by its code; a code may be of several agencies, one after the other, so its id stands beside it."""
    return f"{codes.get(int(text), '?')} (#{text})" if text is not None else None
