"""Who sees an applicant's identity number, phone, e-mail and address: one table, beside that of rights, which every
endpoint that could show them reads and docs/rights.md prints. Whoever is not in it sees them masked.

Personal data are for what they are needed for, and no further (Decree 13/2023, Law 91/2025: docs/personal-data.md).
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from shared.domain.personal import Datum
from shared.web.auth.roles import Role


class Tie(StrEnum):
    """What ties the agency of a token to a dossier. Its own means: the agency itself, or one that it succeeded."""

    RECEIVER = "receiver"  #: it received it
    HOLDER = "holder"  #: it has it in hands
    ABOVE = "above"  #: one under it received it, or has it in hands


NOTHING: frozenset[Datum] = frozenset()
_ALL = frozenset(Datum)
_REACH = frozenset({Datum.PHONE, Datum.EMAIL})

#: role → tie → what is seen. Of several ties, all that each of them shows.
SIGHTS: Mapping[Role, Mapping[Tie, frozenset[Datum]]] = MappingProxyType(
    {
        # A citizen reads no dossier of the staff's; what tracking shows holds no person's data.
        Role.CITIZEN: {},
        # Identifies who comes, prints the receipt, returns the result. The one-stop informs (Decree 61/2018 art. 19),
        # that of a centre for the units under it too.
        Role.COUNTER: {Tie.RECEIVER: _ALL, Tie.HOLDER: _ALL, Tie.ABOVE: _REACH},
        # Work on it, and sign it, while it is in their hands.
        Role.HANDLER: {Tie.HOLDER: _ALL},
        Role.LEADER: {Tie.HOLDER: _ALL},
        # Watch over the work, and set the system up: of dossiers, not of people.
        Role.SUPERVISOR: {},
        Role.ADMIN: {},
        # A system of the agency's own, e.g. of its registers. The services' own token stands above, and needs none.
        Role.MACHINE: {Tie.RECEIVER: _ALL, Tie.HOLDER: _ALL},
    }
)
