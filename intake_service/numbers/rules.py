"""What of a dossier's stored columns is sealed, and how. Pure but for the nonce."""

from collections.abc import Mapping
from typing import Any

import orjson

from shared.domain.personal import Datum
from shared.web.keyring import Keyring

#: Beside a sealed number in JSON: by what it is found.
INDEX = "id_index"
_NUMBER = Datum.ID_NUMBER.value


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


def sealed(columns: Mapping[str, Any], ring: Keyring) -> dict[str, Any]:
    """Some of these columns as they are stored, with by what the number is found."""
    kept = dict(columns)
    if kept.get(_NUMBER) is not None:
        index = ring.index(kept[_NUMBER])
        kept |= {_NUMBER: ring.seal(kept[_NUMBER]), **({INDEX: index.hex()} if index else {})}
    if kept.get("submitted_by") is not None:
        kept["submitted_by"] = sealed_submitter(orjson.loads(kept["submitted_by"]), ring)
    return kept
