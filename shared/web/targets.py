"""Where this installation may send what it was asked to send: an address that somebody else wrote down. Pure.

Whoever names a target could make us call what only we can reach: this machine, the intranet, the metadata of a cloud.
So an address is read by a grammar of ours, narrower than any library's, so that no two readers can take it for two
things; and each address that its host resolves to is held against the tables below, at every sending. What is dialled
is that address, and never the name again (routing_service/webhook_deliveries/sending.py).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST = 1000
_LONGEST_HOST = 253
HTTPS_PORT, HTTP_PORT = 443, 80


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


#: Never, whatever the operator allows: where clouds tell a machine its keys, what reaches nobody or everybody.
NEVER = _networks(
    "0.0.0.0/8",
    "100.100.100.200/32",  # metadata of Alibaba Cloud, within the addresses of carriers
    "168.63.129.16/32",  # of Azure, among public addresses
    "169.254.0.0/16",  # of all others, and whatever answers on this link
    "192.0.0.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "fd00:ec2::/32",
    "fd20:ce::/32",
    "fe80::/10",
    "ff00::/8",
)
#: What an operator may allow: addresses that are somebody's own. Nothing of it is allowed unless it is named.
PRIVATE = _networks(
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
)
#: What else is no public host (IANA's registries of special addresses, October 2025).
SPECIAL_4 = _networks(
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
)
#: All that is public stands in the first; the others lie within it. Those that carry an IPv4 address in them (mapped,
#: NAT64, 6to4, Teredo) are never taken: what they lead to would be another address than the one that was held up.
_PUBLIC_6 = IPv6Network("2000::/3")
SPECIAL_6 = _networks("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
#: ISATAP: the lower half says 0:5efe, then an IPv4 address.
_ISATAP = (0x00005EFE, 0x02005EFE)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an installation may send to. networks: of PRIVATE, its own. ports: of public and own hosts. plain_hosts:
    which are sent to without TLS; only where nothing is at stake."""

    networks: tuple[Network, ...] = ()
    ports: tuple[int, ...] = (HTTPS_PORT,)
    plain_hosts: tuple[str, ...] = ()

    def reaches(self, address: Address) -> bool:
        """Whether it may send to an address."""
        if _within(address, NEVER):
            return False
        if _within(address, self.networks):
            return True
        if isinstance(address, IPv4Address):
            return not _within(address, (*PRIVATE, *SPECIAL_4))
        special = _within(address, SPECIAL_6) or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP
        return address in _PUBLIC_6 and not special


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was understood. host: a name, or an IP address without brackets. path: with the query."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def literal(self) -> Address | None:
        """The address that its host is, if it is no name."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why an address is not taken, by the code of its reason."""

    code: str


_WRITTEN = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?)?",
    re.ASCII,
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
#: A host whose last label looks like a number is one to some reader, in whatever base.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)


def target_of(text: str, allowed: Allowed) -> Target | Wrong:
    """An address as it was written, or why it is not taken. Addresses that a name stands for are not looked at."""
    found = _WRITTEN.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return Wrong("target_malformed")
    host = _host(found["host"].lower())
    if host is None:
        return Wrong("target_host_not_plain")
    secure = found["scheme"] == "https"
    if not secure and host not in allowed.plain_hosts:
        return Wrong("target_not_secure")
    port = int(found["port"] or (HTTPS_PORT if secure else HTTP_PORT))
    if port not in allowed.ports and not (not secure and port == HTTP_PORT):
        return Wrong("target_port_not_allowed")
    target = Target(secure, host, port, found["path"] or "/")
    literal = target.literal
    if literal is not None and not allowed.reaches(literal):
        return Wrong("target_not_allowed")
    return target


def _host(text: str) -> str | None:
    """The host in its one spelling; None where it has another: a number in another base or of fewer parts, a dot at
    the end, an empty label. An international name is written in its ASCII form, xn--."""
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1]))
        except ValueError:
            return None
    if _NUMBER.fullmatch(text.rpartition(".")[2]):
        try:
            return str(IPv4Address(text))
        except ValueError:
            return None
    labels = text.split(".")
    return text if len(text) <= _LONGEST_HOST and all(map(_LABEL.fullmatch, labels)) else None


def reached(found: Iterable[str], allowed: Allowed) -> list[str] | None:
    """The addresses that a host resolves to, each once and in order; None where there is none, or where any of them is
    not allowed: a name of which one address is the intranet's is not meant well."""
    addresses: dict[str, None] = {}
    for text in found:
        try:
            address = ip_address(text)  # a zone makes it another's link
        except ValueError:
            return None
        if (isinstance(address, IPv6Address) and address.scope_id is not None) or not allowed.reaches(address):
            return None
        addresses[str(address)] = None
    return list(addresses) or None


def own_network(text: str) -> Network | None:
    """A network that an operator names, `10.20.0.0/16`; None where it is none, or is not private as a whole."""
    try:
        network = ip_network(text)
    except ValueError:
        return None
    return network if any(_holds(one, network) for one in PRIVATE) else None


def _holds(outer: Network, inner: Network) -> bool:
    if isinstance(outer, IPv4Network):
        return isinstance(inner, IPv4Network) and inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and inner.subnet_of(outer)


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
