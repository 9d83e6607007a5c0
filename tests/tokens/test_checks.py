"""What a token must be, issuer by issuer: nothing that it says of itself decides how it is checked."""

import base64
import hmac
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey

from shared.web.auth.authenticator import Authenticator
from shared.web.auth.issuers import Client, Issuer
from shared.web.auth.roles import Role
from shared.web.auth.tokens import CLOCK_SKEW_SECONDS, LONGEST_TOKEN, Claims, Sealed, TokenRefused
from shared.web.clock import now
from shared.web.problems import Problem
from tests.tokens.issuing import AnyKey, claims, ec, key_set, rsa, signed, trusting

STAFF, CITIZENS, MACHINES = "https://staff.example", "https://citizens.example", "https://machines.example"
#: Two issuers may name their keys alike.
KEY, CITIZENS_KEY, MACHINES_KEY, STRANGERS_KEY = rsa("1"), rsa("1"), ec("machines-1"), rsa("1")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Authenticator]:
    """An authenticator of the three, with changes to what is trusted of one."""
    directory = tmp_path_factory.mktemp("keys")

    def trusted(name: str, issuer: str, key: AnyKey, **more: Any) -> Issuer:
        file = directory / f"{name}.json"
        file.write_bytes(orjson.dumps(key_set(key)))
        return trusting(issuer, name=name, jwks_file=file, **more)

    def built(**staff: Any) -> Authenticator:
        nightly = {"nightly": Client(agency="44"), "desk": Client(role=Role.COUNTER, agency="19333")}
        return Authenticator(
            [
                trusted("staff", STAFF, KEY, **staff),
                trusted("citizens", CITIZENS, CITIZENS_KEY, roles=frozenset({Role.CITIZEN}), role=Role.CITIZEN),
                trusted(
                    "machines",
                    MACHINES,
                    MACHINES_KEY,
                    roles=frozenset({Role.MACHINE, Role.COUNTER}),
                    clients=nightly,
                ),
            ],
            secret=b"the same everywhere",
        )

    return built


async def answer(authenticator: Authenticator, token: str) -> Any:
    """What it says, or why it opens nothing."""
    try:
        return await authenticator.claims(token, 0.0)
    except Problem as problem:
        refused = problem
    header = (refused.headers or {})["WWW-Authenticate"]
    assert header.startswith('Bearer realm="motcua", error="invalid_token", error_description="')
    assert header.isascii()
    return refused.reasons[0].code


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def by_hand(header: Any, said: Any, key: AnyKey = KEY, alg: str = "RS256") -> str:
    """Signed over whatever header, by an algorithm that it need not name."""
    signing = f"{text(orjson.dumps(header))}.{text(orjson.dumps(said))}"
    return f"{signing}.{text(jws.JWSRegistry.algorithms[alg].sign(signing.encode(), key))}"


async def test_each_issuer_opens_with_its_own_key(house):
    authenticator = house()
    staff = await answer(authenticator, signed(KEY, claims(STAFF)))
    assert staff == Claims("staff:somebody", Role.LEADER, "44", staff.expires)
    citizen = await answer(
        authenticator, signed(CITIZENS_KEY, claims(CITIZENS, role=None, agency=None, id_number="045190000001"))
    )
    assert (citizen.subject, citizen.role, citizen.agency) == ("citizens:somebody", Role.CITIZEN, "")
    assert citizen.id_number == "045190000001"


@pytest.mark.parametrize("subject", ["045190000001", "cccd-045190000001", "045 190 000 001", "191456789"])
async def test_nobody_is_called_by_an_identity_number(house, subject: str):
    """What a citizen is called is written into events, and those are for good."""
    said = claims(CITIZENS, sub=subject, id_number="045190000001")
    token = signed(CITIZENS_KEY, said)
    found = await answer(house(), token)
    name, _, hidden = found.subject.partition(":#")
    assert (name, len(hidden)) == ("citizens", 32)
    assert (await answer(house(), token)).subject == found.subject, "in every process, at any time"
    other = await answer(house(), signed(CITIZENS_KEY, {**said, "sub": "045190000002"}))
    assert other.subject != found.subject
    assert found.id_number == "045190000001"
    assert hidden not in {sha256(text.encode()).hexdigest()[:32] for text in (subject, f"citizens:{subject}")}
    staff = await answer(house(), signed(KEY, claims(STAFF, sub=subject)))
    assert staff.subject == f"staff:{subject}", "what staff are called, their issuer answers for"


@pytest.mark.parametrize("issuer", [STAFF, CITIZENS, MACHINES])
@pytest.mark.parametrize("key", [KEY, CITIZENS_KEY, MACHINES_KEY], ids=["staff", "citizens", "machines"])
async def test_no_issuer_speaks_for_another(house, issuer: str, key: AnyKey):
    own = {STAFF: KEY, CITIZENS: CITIZENS_KEY, MACHINES: MACHINES_KEY}[issuer]
    said = claims(issuer, azp="nightly") if issuer == MACHINES else claims(issuer)
    found = await answer(house(), signed(key, said))
    assert isinstance(found, Claims) if key is own else found in ("token_signature", "token_key")


@pytest.mark.parametrize("role", [*Role, "king"])
async def test_an_issuer_gives_only_the_roles_that_it_may(house, role: str):
    allowed = frozenset({Role.COUNTER, Role.HANDLER})
    found = await answer(house(roles=allowed), signed(KEY, claims(STAFF, role=role)))
    assert found.role == role if role in allowed else found == "token_role"


@pytest.mark.parametrize("role", ["admin", ["admin"], "leader", None])
async def test_a_citizens_issuer_makes_citizens_whatever_it_says(house, role: object):
    found = await answer(house(), signed(CITIZENS_KEY, claims(CITIZENS, role=role)))
    assert found.role is Role.CITIZEN


MAPPED = {"role_claim": "realm_access.roles", "role_map": {"motcua-leader": "leader", "motcua-desk": "counter"}}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"roles": ["offline_access", "motcua-leader"]}, Role.LEADER),
        ({"roles": ["motcua-desk"]}, Role.COUNTER),
        ({"roles": "motcua-desk"}, Role.COUNTER),
        ({"roles": ["motcua-desk", "motcua-leader"]}, "token_role"),
        ({"roles": ["leader"]}, "token_role"),
        ({"roles": ["offline_access"]}, "token_role"),
        ({"roles": [{"motcua-leader": 1}, None, 5]}, "token_role"),
        ({"roles": []}, "token_role"),
        ({"roles": {}}, "token_role"),
        (["motcua-leader"], "token_role"),
        (None, "token_role"),
    ],
)
async def test_a_role_by_a_map_is_one_and_a_known_one(house, told: object, expected: object):
    found = await answer(house(**MAPPED), signed(KEY, claims(STAFF, realm_access=told)))
    assert (found.role if isinstance(found, Claims) else found) == expected


async def test_claims_by_other_names(house):
    authenticator = house(
        role_claim=["https://motcua.example/role"], agency_claim="unit.code", id_number_claim="vn.number"
    )
    said = claims(STAFF, role="citizen", agency="45", unit={"code": "44"}, vn={"number": "1"})
    found = await answer(authenticator, signed(KEY, {**said, "https://motcua.example/role": "handler"}))
    assert (found.role, found.agency, found.id_number) == (Role.HANDLER, "44", "1")
    nobody = await answer(house(agency="19333"), signed(KEY, claims(STAFF, agency=None)))
    assert nobody.agency == "19333"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"azp": "nightly", "sub": "service-account"}, ("machine", "44")),
        ({"client_id": "nightly"}, ("machine", "44")),
        ({"client_id": "nightly", "azp": "nightly", "role": "admin", "agency": "45"}, ("machine", "44")),
        ({"client_id": "desk"}, ("counter", "19333")),
        ({"client_id": "nightly", "azp": "desk"}, "token_client"),
        ({"client_id": "nightly", "azp": "another"}, "token_client"),
        ({"client_id": "nightly", "auth_time": 1}, "token_client"),
        ({"client_id": "another"}, "token_role"),
        ({"client_id": "another", "role": "machine", "agency": "45"}, ("machine", "45")),
        ({"client_id": ["nightly"]}, "token_role"),
    ],
)
async def test_a_machine_is_what_the_settings_say_of_its_client(house, said: dict[str, Any], expected: object):
    told = claims(MACHINES, **{"role": None, "agency": None, **said})
    found = await answer(house(), signed(MACHINES_KEY, told))
    assert ((found.role, found.agency) if isinstance(found, Claims) else found) == expected


async def test_the_plain_issuer_cannot_pass_for_a_named_one(tmp_path):
    file = tmp_path / "jwks.json"
    file.write_bytes(orjson.dumps(key_set(KEY)))
    authenticator = Authenticator(
        [trusting("plain", jwks_file=file), trusting("other", name="staff", jwks_file=file, roles=frozenset(Role))]
    )
    assert await answer(authenticator, signed(KEY, claims("plain", sub="staff:somebody"))) == "token_subject"
    assert (await answer(authenticator, signed(KEY, claims("plain", sub="nobody:x")))).subject == "nobody:x"


def seconds(ahead: float) -> int:
    return int(now().timestamp() + ahead)


REFUSED: dict[str, tuple[str, Callable[[], str]]] = {
    "an issuer that is unknown": ("token_issuer", lambda: signed(KEY, claims("https://elsewhere.example"))),
    "an issuer almost like ours": ("token_issuer", lambda: signed(KEY, claims(f"{STAFF}/"))),
    "an issuer that is a list": ("token_issuer", lambda: signed(KEY, claims(STAFF, iss=[STAFF]))),
    "expired": ("token_expired", lambda: signed(KEY, claims(STAFF, exp=seconds(-CLOCK_SKEW_SECONDS - 2)))),
    "from tomorrow on": ("token_not_yet", lambda: signed(KEY, claims(STAFF, nbf=seconds(86_400)))),
    "issued tomorrow": ("token_not_yet", lambda: signed(KEY, claims(STAFF, iat=seconds(86_400)))),
    "without an end": ("token_malformed", lambda: signed(KEY, claims(STAFF, exp=None))),
    "for others": ("token_audience", lambda: signed(KEY, claims(STAFF, aud=["a", "b"]))),
    "for a part of our name": ("token_audience", lambda: signed(KEY, claims(STAFF, aud="motcu"))),
    "for an object": ("token_audience", lambda: signed(KEY, claims(STAFF, aud={"motcua": 1}))),
    "for lists in a list": ("token_audience", lambda: signed(KEY, claims(STAFF, aud=[["motcua"]]))),
    "no key named where there is one": ("yes", lambda: signed(KEY, claims(STAFF), kid=None)),
    "another key named": ("token_key", lambda: signed(KEY, claims(STAFF), kid="2")),
    "none": ("token_algorithm", lambda: by_hand({"alg": "none", "kid": "1"}, claims(STAFF)).rsplit(".", 1)[0] + "."),
    "HS256 over the public key": ("token_algorithm", lambda: with_public_key_as_secret()),
    "RS384": ("token_algorithm", lambda: by_hand({"alg": "RS384", "kid": "1"}, claims(STAFF), alg="RS384")),
    "PS256 where it is not allowed": (
        "token_algorithm",
        lambda: by_hand({"alg": "PS256", "kid": "1"}, claims(STAFF), alg="PS256"),
    ),
    "signed by PS256, called RS256": (
        "token_signature",
        lambda: by_hand({"alg": "RS256", "kid": "1"}, claims(STAFF), alg="PS256"),
    ),
    "ES256 by an RSA key's name": ("token_key", lambda: signed(ec("1"), claims(STAFF))),
    "EdDSA by an RSA key's name": (
        "token_key",
        lambda: signed(OKPKey.generate_key("Ed25519", {"kid": "1"}), claims(STAFF)),
    ),
    "crit": ("token_of_another_kind", lambda: by_hand({"alg": "RS256", "kid": "1", "crit": ["exp"]}, claims(STAFF))),
    "crit, empty": ("token_of_another_kind", lambda: by_hand({"alg": "RS256", "kid": "1", "crit": []}, claims(STAFF))),
    "crit of what is known": (
        "token_of_another_kind",
        lambda: by_hand({"alg": "RS256", "kid": "1", "crit": ["kid"]}, claims(STAFF)),
    ),
    "a log-out token": ("token_of_another_kind", lambda: signed(KEY, claims(STAFF), typ="logout+jwt")),
    "an ID token": ("token_of_another_kind", lambda: signed(KEY, claims(STAFF, at_hash="x"))),
    "an ID token of Keycloak": ("token_of_another_kind", lambda: signed(KEY, claims(STAFF, typ="ID"))),
    "bound to a key": ("token_of_another_kind", lambda: signed(KEY, claims(STAFF, cnf={"jkt": "x"}))),
    "a header that is a list": ("token_malformed", lambda: by_hand(["RS256"], claims(STAFF))),
    "a kid that is a number": ("token_malformed", lambda: by_hand({"alg": "RS256", "kid": 1}, claims(STAFF))),
    "an alg that is a list": ("token_malformed", lambda: by_hand({"alg": ["RS256"], "kid": "1"}, claims(STAFF))),
    "claims that are a list": ("token_malformed", lambda: by_hand({"alg": "RS256", "kid": "1"}, [STAFF])),
    "longer than any": ("token_malformed", lambda: signed(KEY, claims(STAFF, more="x" * LONGEST_TOKEN))),
    "deep claims": ("token_malformed", lambda: f"{text(b'{}')}.{text(b'[' * 5000)}.x"),
}


def with_public_key_as_secret() -> str:
    signing = f"{text(orjson.dumps({'alg': 'HS256', 'kid': '1'}))}.{text(orjson.dumps(claims(STAFF)))}"
    return f"{signing}.{text(hmac.digest(KEY.as_pem(private=False), signing.encode(), 'sha256'))}"


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused_and_why(house, name: str):
    expected, made = REFUSED[name]
    found = await answer(house(), made())
    assert ("yes" if isinstance(found, Claims) else found) == expected


@pytest.mark.parametrize("skew", [5, CLOCK_SKEW_SECONDS - 5])
async def test_clocks_may_differ_a_little(house, skew: int):
    authenticator = house()
    for said in ({"exp": seconds(-skew)}, {"nbf": seconds(skew)}, {"iat": seconds(skew)}):
        assert isinstance(await answer(authenticator, signed(KEY, claims(STAFF, **said))), Claims)


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
async def test_keys_and_addresses_in_a_header_lead_nowhere(house, name: str):
    stranger = STRANGERS_KEY
    told: dict[str, Any] = {
        "jwk": stranger.as_dict(private=False),
        "jku": "http://127.0.0.1:1/jwks",
        "x5u": "http://127.0.0.1:1/cert",
        "x5c": ["MIIB" * 300],
    }
    header = {"alg": "RS256", "kid": "1", name: told[name]}
    assert await answer(house(), by_hand(header, claims(STAFF), stranger)) == "token_signature"
    assert isinstance(await answer(house(), by_hand(header, claims(STAFF))), Claims)


def test_an_algorithm_is_not_believed_where_only_another_is_allowed():
    sealed = Sealed(signed(KEY, claims(STAFF), alg="PS256"))
    sealed.believed(KEY, trusting(STAFF, algorithms=["PS256"]), now().timestamp())
    with pytest.raises(TokenRefused, match="token_signature"):
        sealed.believed(KEY, trusting(STAFF, algorithms=["RS256"]), now().timestamp())


@pytest.mark.parametrize(
    ("alg", "key"),
    [
        ("RS256", rsa()),
        ("PS256", rsa()),
        ("ES256", ec()),
        ("EdDSA", OKPKey.generate_key("Ed25519", auto_kid=True)),
        ("Ed25519", OKPKey.generate_key("Ed25519", auto_kid=True)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_every_algorithm_that_may_be_allowed_opens(tmp_path: Path, alg: str, key: AnyKey):
    (file := tmp_path / "jwks.json").write_bytes(orjson.dumps(key_set(key)))
    authenticator = Authenticator([trusting("one", jwks_file=file, algorithms=[alg])])
    assert isinstance(await answer(authenticator, signed(key, claims("one"), alg=alg)), Claims)


@pytest.mark.parametrize("allowed", ["RS256", "PS256"])
async def test_algorithms_are_pinned_issuer_by_issuer(house, allowed: str):
    authenticator = house(algorithms=[allowed])
    for alg in ("RS256", "PS256"):
        found = await answer(authenticator, signed(KEY, claims(STAFF), alg=alg))
        assert isinstance(found, Claims) if alg == allowed else found == "token_algorithm"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["iss", "aud", "sub", "exp", "nbf", "iat", "role", "agency", "azp", "client_id", "cnf"])


@settings(deadline=None)
@given(changes=st.dictionaries(names, json_values, min_size=1, max_size=4))
async def test_whatever_a_signed_token_says_is_an_answer_or_a_refusal(house, changes: dict[str, Any]):
    token = by_hand({"alg": "RS256", "kid": "1"}, {**claims(STAFF), **changes})
    found = await answer(house(roles=frozenset({Role.COUNTER, Role.LEADER})), token)
    assert isinstance(found, str) or found.role in (Role.COUNTER, Role.LEADER)


@settings(deadline=None)
@given(header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "zip"]), json_values))
async def test_whatever_stands_in_a_header_only_our_key_opens(house, header: dict[str, Any]):
    token = by_hand({"alg": "RS256", "kid": "1", **header}, claims(STAFF), STRANGERS_KEY)
    assert isinstance(await answer(house(), token), str)


@settings(deadline=None)
@given(token=st.text(max_size=80) | st.lists(st.binary(max_size=30).map(text), max_size=5).map(".".join))
async def test_whatever_is_sent_opens_nothing(house, token: str):
    assert isinstance(await answer(house(), token), str)
