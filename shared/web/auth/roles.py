"""What a token's holder can be."""

from enum import StrEnum


class Role(StrEnum):
    """What a token's holder is."""

    CITIZEN = "citizen"
    COUNTER = "counter"
    HANDLER = "handler"
    LEADER = "leader"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    MACHINE = "machine"


STAFF = (Role.COUNTER, Role.HANDLER, Role.LEADER, Role.SUPERVISOR, Role.ADMIN, Role.MACHINE)
