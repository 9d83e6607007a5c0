"""WHO IS ASKING: bearer tokens of one or more OIDC issuers, roles, and the part of the agency tree that a token covers.

`issuers.py`: whom an installation trusts and with what, as its settings say.
`fetching.py`: the few addresses that are asked, and what is taken from there.
`keys.py`: an issuer's keys, kept, renewed, and given up when they are withdrawn.
`tokens.py`: whether a token is what it claims to be.
`authenticator.py`: from a request to its principal.
`rights.py` and `roles.py`: who may do what, one table.
`sights.py`: who sees an applicant's personal data, one table.
`principals.py`: who calls an endpoint, and the agencies that he covers.
"""

from shared.web.auth.authenticator import Authenticator
from shared.web.auth.principals import Caller, Principal, allowed, asked_agency, asked_scope, right_of
from shared.web.auth.rights import RIGHTS, Relation, Right
from shared.web.auth.roles import STAFF, Role
from shared.web.auth.sights import NOTHING, SIGHTS, Tie

__all__ = [
    "NOTHING",
    "RIGHTS",
    "SIGHTS",
    "STAFF",
    "Authenticator",
    "Caller",
    "Principal",
    "Relation",
    "Right",
    "Role",
    "Tie",
    "allowed",
    "asked_agency",
    "asked_scope",
    "right_of",
]
