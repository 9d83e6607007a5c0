"""What of a dossier's stored columns is sealed, and how. Pure but for the nonce."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from shared.domain.personal import Datum
from shared.web.keyring import Keyring, new_key

#: Beside a sealed number in JSON: by what it is found.
INDEX = "id_index"
_NUMBER = Datum.ID_NUMBER.value


class Worded(NamedTuple):
    """Some of a dossier's columns as a correction's words keep them. key: of the numbers in them, as it is kept beside
    them; None where there is no number."""

    columns: dict[str, Any]
    key: str | None


def sealed_submitter(submitter: Mapping[str, Any] | None, ring: Keyring) -> str | None:
    """Who handed a dossier in, as it is stored."""
    if submitter is None:
        return None
    index = ring.index(submitter.get(_NUMBER))
    found_by = {} if index is None else {INDEX: index.hex()}
    return orjson.dumps({**submitter, _NUMBER: ring.seal(submitter.get(_NUMBER)), **found_by}).decode()


def opened_submitter(stored: str | None, ring: Keyring) -> dict[str, Any] | None:
    """Who handed it in, of what is stored. Raises KeyMissing."""
    if stored is None:
        return None
    told: dict[str, Any] = orjson.loads(stored)
    told.pop(INDEX, None)
    return {**told, _NUMBER: ring.unseal(told.get(_NUMBER))}


def opened(row: Mapping[str, Any], ring: Keyring) -> dict[str, Any]:
    """A dossier's columns with its numbers open; who handed it in stays JSON. Raises KeyMissing."""
    submitter = opened_submitter(row["submitted_by"], ring)
    told = {"submitted_by": orjson.dumps(submitter).decode() if submitter else None}
    return {**row, _NUMBER: ring.unseal(row[_NUMBER]), **told}


def worded(columns: Mapping[str, Any], ring: Keyring) -> Worded:
    """Some of these columns as a correction's words keep them. The chain holds the hash of just those, for good: so the
    numbers in them are sealed under a key of their own, and only that one is sealed anew when the ring's first key
    changes."""
    apart, kept, numbers = Keyring.apart(key := new_key()), dict(columns), 0
    if kept.get(_NUMBER) is not None:
        kept[_NUMBER], numbers = apart.seal(kept[_NUMBER]), 1
    if kept.get("submitted_by") is not None:
        submitter = orjson.loads(kept["submitted_by"])
        numbers += submitter.get(_NUMBER) is not None
        kept["submitted_by"] = orjson.dumps({**submitter, _NUMBER: apart.seal(submitter.get(_NUMBER))}).decode()
    return Worded(kept, ring.seal(key) if numbers else None)


def opened_words(detail: str | None, key: str | None, ring: Keyring) -> dict[str, Any]:
    """What an event says in words, with the numbers in it open. Without a key of their own they are of before such
    keys, and sealed under the ring's. Raises KeyMissing."""
    told: dict[str, Any] = orjson.loads(detail or "{}")
    if "was" not in told:
        return told
    own = ring if key is None else Keyring.apart(ring.unseal(key) or "")
    was = opened(_NOBODY | told["was"], own)
    return {**told, "was": {name: was[name] for name in told["was"] if name != INDEX}}


_NOBODY: Mapping[str, Any] = {_NUMBER: None, "submitted_by": None}
