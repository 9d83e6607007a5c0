"""Where messages may go: no address of a network that is not public, however it is spelled and wherever it hides."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.web.targets import (
    NEVER,
    PRIVATE,
    SPECIAL_4,
    SPECIAL_6,
    Allowed,
    Target,
    Wrong,
    own_network,
    reached,
    target_of,
)

STRICT = Allowed()
#: What an operator could allow at most.
ALL_OWN = Allowed(networks=PRIVATE, ports=(443, 8443))
#: Written down a second time, from RFC 6890 and the registries: what is in no table of ours would not be missed there.
FORBIDDEN_4 = [
    IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32", "168.63.129.16/32"),
    )
]
FORBIDDEN_6 = [
    IPv6Network(text)
    for text in (
        *("::/128", "::1/128", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"),
        *("100::/64", "2001::/32", "2001:2::/48", "2001:10::/28", "2001:20::/28", "2001:db8::/32", "2002::/16"),
        *("3fff::/20", "5f00::/16", "fc00::/7", "fd00:ec2::254/128", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
]


@st.composite
def forbidden_4(draw: st.DrawFn) -> IPv4Address:
    network = draw(st.sampled_from(FORBIDDEN_4))
    edges = st.sampled_from((0, network.num_addresses - 1))
    return network[draw(st.one_of(edges, st.integers(0, network.num_addresses - 1)))]


@st.composite
def forbidden_6(draw: st.DrawFn) -> IPv6Address:
    network = draw(st.sampled_from(FORBIDDEN_6))
    return network[draw(st.one_of(st.just(0), st.integers(0, network.num_addresses - 1)))]


def _mixed(address: IPv4Address, bases: tuple[str, ...], parts: int) -> str:
    """As `inet_aton` reads it: of one to four parts, each decimal, octal or hexadecimal."""
    octets = list(address.packed)
    numbers = [*octets[: parts - 1], int.from_bytes(bytes(octets[parts - 1 :]), "big")]
    written = {"d": "{:d}", "o": "0{:o}", "x": "0x{:x}", "X": "0X{:08X}"}
    return ".".join(written[base].format(number) for base, number in zip(bases, numbers, strict=False))


_FULL_WIDTH = str.maketrans("0123456789.", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\u3002")
_CIRCLED = str.maketrans("123456789", "①②③④⑤⑥⑦⑧⑨")


def spellings_4(address: IPv4Address, bases: tuple[str, ...]) -> list[str]:
    dotted, number = str(address), int(address)
    high, low = number >> 16, number & 0xFFFF
    return [
        *(_mixed(address, bases, parts) for parts in (1, 2, 3, 4)),
        *(dotted, f"{dotted}.", f"%{ord(dotted[0]):02x}{dotted[1:]}", dotted.translate(_FULL_WIDTH)),
        *(dotted.translate(_CIRCLED), f"0{dotted}", f"{dotted}\u200b", f" {dotted}", f"{dotted}\t"),
        *(f"user@{dotted}", f"example.vn@{dotted}", f"example.vn:443@{dotted}", f"{dotted}\\@example.vn"),
        f"{dotted}#@example.vn",
        *(f"[::ffff:{dotted}]", f"[::ffff:{high:x}:{low:x}]", f"[::{dotted}]", f"[::ffff:0:{dotted}]"),
        *(f"[64:ff9b::{dotted}]", f"[64:ff9b:1::{dotted}]", f"[2002:{high:x}:{low:x}::1]"),
        f"[2001:0:4136:e378:8000:63bf:{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}]",
        *(f"[2606:4700::5efe:{dotted}]", f"[2606:4700::200:5efe:{dotted}]"),
    ]


@given(forbidden_4(), st.tuples(*[st.sampled_from("doxX")] * 4), st.sampled_from((443, 8443, None)))
@settings(max_examples=400)
def test_no_forbidden_ipv4_address_however_it_is_spelled(address, bases, port):
    for spelled in spellings_4(address, bases):
        text = f"https://{spelled}{'' if port is None else f':{port}'}/"
        assert isinstance(target_of(text, STRICT), Wrong), text
    assert reached([str(address)], STRICT) is None
    assert reached(["8.8.8.8", str(address)], STRICT) is None, "one of several is enough"


@given(forbidden_6(), st.sampled_from(("", "%25eth0", "%eth0", "%1")))
@settings(max_examples=400)
def test_no_forbidden_ipv6_address_however_it_is_spelled(address, zone):
    for spelled in (str(address), address.exploded, str(address).upper(), f"{address}."):
        assert isinstance(target_of(f"https://[{spelled}{zone}]/", STRICT), Wrong)
    assert reached([str(address)], STRICT) is None
    assert reached([f"{address}%eth0"], STRICT) is None


@given(st.one_of(forbidden_4(), forbidden_6()))
@settings(max_examples=400)
def test_what_is_never_sent_to_no_setting_opens(address):
    if any(address in network for network in PRIVATE) and not any(address in network for network in NEVER):
        assert ALL_OWN.reaches(address), "an agency's own network, if the operator says so"
    else:
        assert not ALL_OWN.reaches(address)
    if isinstance(address, IPv4Address):
        for inside in (f"::ffff:{address}", f"64:ff9b::{address}", f"2606:4700::5efe:{address}"):
            assert not ALL_OWN.reaches(ip_address(inside)), "an address within an address is never what was allowed"


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=300)
def test_every_ipv4_address_is_public_or_refused(number):
    address = IPv4Address(number)
    forbidden = any(address in network for network in (*FORBIDDEN_4, *SPECIAL_4))
    assert STRICT.reaches(address) is not forbidden
    assert forbidden or address.is_global


@given(st.integers(0, 2**128 - 1))
@settings(max_examples=300)
def test_every_ipv6_address_that_is_taken_is_global_unicast(number):
    address = IPv6Address(number)
    if STRICT.reaches(address):
        assert address in IPv6Network("2000::/3")
        assert not any(address in network for network in (*FORBIDDEN_6, *SPECIAL_6))


@pytest.mark.parametrize(
    ("metadata", "allowed"),
    [
        ("169.254.169.254", ALL_OWN),
        ("100.100.100.200", ALL_OWN),
        ("168.63.129.16", ALL_OWN),
        ("192.0.0.192", ALL_OWN),
        ("fd00:ec2::254", ALL_OWN),
        ("fd20:ce::254", ALL_OWN),
    ],
)
def test_the_metadata_of_clouds(metadata, allowed):
    assert not allowed.reaches(ip_address(metadata))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "target_malformed"),
        ("ftp://example.vn/", "target_malformed"),
        ("HTTPS://example.vn/", "target_malformed"),
        ("https:/example.vn/", "target_malformed"),
        ("https:example.vn/", "target_malformed"),
        ("//example.vn/", "target_malformed"),
        ("https://", "target_malformed"),
        ("https:///x", "target_malformed"),
        ("https://admin:secret@example.vn/", "target_malformed"),
        ("https://example.vn/#part", "target_malformed"),
        ("https://example.vn\\x", "target_malformed"),
        ("https://exam ple.vn/", "target_malformed"),
        ("https://example.vn/a b", "target_malformed"),
        ("https://example.vn/a\r\nHost: other", "target_malformed"),
        ("https://example.vn/\n", "target_malformed"),
        ("https://example.vn?x=1", "target_malformed"),
        ("https://example.vn:0/", "target_malformed"),
        ("https://example.vn:00443/", "target_malformed"),
        ("https://example.vn:/", "target_malformed"),
        ("https://ｅxample.vn/", "target_malformed"),
        ("https://exаmple.vn/", "target_malformed"),  # а Cyrillic letter
        ("https://đônghà.vn/", "target_malformed"),
        ("https://example。vn/", "target_malformed"),
        ("https://exam\u00adple.vn/", "target_malformed"),
        (f"https://example.vn/{'a' * 1000}", "target_malformed"),
        ("https://example.vn./", "target_host_not_plain"),
        ("https://.example.vn/", "target_host_not_plain"),
        ("https://example..vn/", "target_host_not_plain"),
        ("https://-example.vn/", "target_host_not_plain"),
        ("https://example-.vn/", "target_host_not_plain"),
        ("https://a.0x7f/", "target_host_not_plain"),
        ("https://1.2.3/", "target_host_not_plain"),
        ("https://1.2.3.4.5/", "target_host_not_plain"),
        ("https://256.1.1.1/", "target_host_not_plain"),
        ("https://[::1/", "target_malformed"),
        ("https://[1:2]/", "target_host_not_plain"),
        (f"https://{'a' * 64}.vn/", "target_host_not_plain"),
        ("http://example.vn/", "target_not_secure"),
        ("https://example.vn:22/", "target_port_not_allowed"),
        ("https://example.vn:8443/", "target_port_not_allowed"),
        ("https://127.0.0.1/", "target_not_allowed"),
    ],
)
def test_what_is_refused_says_why(text, code):
    assert target_of(text, STRICT) == Wrong(code)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("https://example.vn", Target(True, "example.vn", 443, "/")),
        ("https://Example.VN:443/a/b?c=d&e=%20", Target(True, "example.vn", 443, "/a/b?c=d&e=%20")),
        ("https://xn--ng-mia0b.vn/", Target(True, "xn--ng-mia0b.vn", 443, "/")),
        ("https://8.8.8.8/", Target(True, "8.8.8.8", 443, "/")),
        ("https://[2606:4700:0:0::1111]/", Target(True, "2606:4700::1111", 443, "/")),
    ],
)
def test_what_is_taken_has_one_reading(text, target):
    assert target_of(text, STRICT) == target


def test_without_tls_only_to_a_host_that_is_named():
    allowed = Allowed(plain_hosts=("localhost",))
    assert target_of("http://localhost/x", allowed) == Target(False, "localhost", 80, "/x")
    assert target_of("http://localhost.vn/x", allowed) == Wrong("target_not_secure")
    assert target_of("http://localhost:22/x", allowed) == Wrong("target_port_not_allowed")


@pytest.mark.parametrize("text", ["10.20.0.0/16", "172.16.0.0/12", "127.0.0.1", "fd12:3456::/32", "::1"])
def test_an_operator_names_private_networks(text):
    assert own_network(text) is not None


@pytest.mark.parametrize(
    "text", ["0.0.0.0/0", "8.8.8.0/24", "169.254.0.0/16", "10.0.0.0/7", "::/0", "10.20.0.1/16", "x", "fe80::/10", ""]
)
def test_and_none_that_is_not(text):
    assert own_network(text) is None
