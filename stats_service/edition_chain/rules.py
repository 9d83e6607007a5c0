"""What a seal binds, and what is wrong with a chain of them. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from shared.domain.differences import Difference

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


def seal(before: bytes, said: bytes) -> bytes:
    """The seal of a link: SHA-256 over the seal before it (nothing before the first) and what the edition says. For
    good, like the formats of editions: migration 0013 has the same."""
    return sha256(before + said).digest()


def differences(
    links: Sequence[Link], editions: Mapping[int, Callable[[int], bytes]], anchors: Iterable[Anchor]
) -> Iterator[Difference]:
    """What is wrong with the chain, link by link in order; then editions without a link; then what was noted outside.
    editions: what each says, by its id, as the link of a number.

    Each seal is reckoned from the stored one before it, so a changed edition is named alone. Of a link behind a gap it
    cannot be told whether its edition was changed."""
    due, before = 1, b""
    for link in links:
        said = editions.get(link.edition_id)
        where = f"{_place(link.number)} · #{link.edition_id}"
        if link.number < 1:  # no edition was ever sealed there
            yield Difference(CHECK, "seal", where, None, link.seal.hex())
            continue
        if link.number != due:
            yield Difference(CHECK, "link_gone", _place(due, link.number - 1), None, None)
        if said is None:
            yield Difference(CHECK, "edition_gone", where, None, None)
        elif link.number == due and (reckoned := seal(before, said(link.number))) != link.seal:
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
