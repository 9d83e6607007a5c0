"""What a seal binds, and what is wrong with a chain of them. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from hashlib import sha256
from typing import NamedTuple

from shared.domain.differences import Difference
from stats_service.editions.rules import Edition, canonical

CHECK = "edition_chain"


class Link(NamedTuple):
    """The place of an edition in the chain, from 1, and the seal that binds it to the one before."""

    number: int
    edition_id: int
    seal: bytes


class Anchor(NamedTuple):
    """What somebody noted outside: the number of a link, and its seal."""

    number: int
    seal: bytes


def seal(before: bytes, number: int, edition: Edition) -> bytes:
    """The seal of link `number`: SHA-256 over the seal before it (nothing before the first) and, in canonical JSON, all
    that the edition's row says, its bytes by their hash. For good, like the formats of editions: migration 0013 has the
    same."""
    return sha256(before + canonical(_told(number, edition))).digest()


def _told(number: int, edition: Edition) -> dict[str, object]:
    sealing = edition.sealing
    return {
        "agency_id": edition.agency_id,
        "corrects": edition.corrects,
        "format": sealing.format,
        "id": edition.id,
        "last_event_id": sealing.position.event_id,
        "last_txid": sealing.position.txid,
        "link": number,
        "note": sealing.note,
        "number": sealing.number,
        "parameters": edition.stored_parameters,
        "picture": sealing.picture.hex(),
        "reason": sealing.reason,
        "report": sealing.report,
        "sealed_at": sealing.sealed_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "sealed_by": edition.sealed_by,
        "sha256": edition.sha256.hex(),
        "snapshot": sealing.position.snapshot,
        "synthetic": sealing.synthetic,
    }


def differences(
    links: Sequence[Link], editions: Mapping[int, Edition], anchors: Iterable[Anchor]
) -> Iterator[Difference]:
    """What is wrong with the chain, link by link in order; then editions without a link; then what was noted outside.

    Each seal is reckoned from the stored one before it, so a changed edition is named alone. Of a link behind a gap it
    cannot be told whether its edition was changed."""
    due, before = 1, b""
    for link in links:
        if link.number != due:
            yield Difference(CHECK, "link_gone", _place(due, link.number - 1), None, None)
        edition = editions.get(link.edition_id)
        where = f"{_place(link.number)} · #{link.edition_id}"
        if edition is None:
            yield Difference(CHECK, "edition_gone", where, None, None)
        elif link.number == due and (reckoned := seal(before, link.number, edition)) != link.seal:
            yield Difference(CHECK, "seal", where, reckoned.hex(), link.seal.hex())
        due, before = link.number + 1, link.seal
    linked = {link.edition_id for link in links}
    for number in sorted(editions.keys() - linked):
        yield Difference(CHECK, "unlinked", f"#{number}", None, None)
    by_number = {link.number: link.seal for link in links}
    for anchor in anchors:
        found = by_number.get(anchor.number)
        if found != anchor.seal:
            yield Difference(CHECK, "anchor", _place(anchor.number), anchor.seal.hex(), found.hex() if found else None)


def _place(first: int, last: int | None = None) -> str:
    return f"{first}" if last is None or last == first else f"{first}–{last}"
