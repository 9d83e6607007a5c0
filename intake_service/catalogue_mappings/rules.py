"""Which published names look like ours. Pure: a suggestion, never a mapping."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.domain.vietnamese import search_key


class Suggestion(NamedTuple):
    """A published entry whose name looks like ours. score: 0 to 1; the same to both of a tie."""

    code: str
    name: str
    score: float


MOST_SUGGESTED, LEAST_SCORE = 5, 0.5


def suggestions(name: str, published: Sequence[tuple[str, str, frozenset[str]]]) -> list[Suggestion]:
    """Entries (code, name, grams) that a name may mean, the most alike first. No tie is decided."""
    own = grams(name)
    scored = [
        Suggestion(code, other, round(2 * len(own & theirs) / (len(own) + len(theirs)), 3))
        for code, other, theirs in published
        if own and theirs
    ]
    good = sorted((one for one in scored if one.score >= LEAST_SCORE), key=lambda one: (-one.score, one.code))
    last = good[MOST_SUGGESTED - 1].score if len(good) >= MOST_SUGGESTED else 0
    return [one for one in good if one.score >= last][: 2 * MOST_SUGGESTED]


def grams(name: str) -> frozenset[str]:
    """What names are compared by: groups of three letters, without diacritics and case."""
    padded = f"  {search_key(name)} "
    return frozenset(padded[n : n + 3] for n in range(len(padded) - 2))
