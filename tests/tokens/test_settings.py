"""Whom an installation trusts is read well, and what is wrong is told with the setting's name, never with its value."""

import json
from pathlib import Path
from typing import Any

import pytest

from services import local_issuer
from services.installation import Installation
from services.launcher import Services
from shared.web.auth import issuers
from shared.web.auth.roles import Role
from shared.web.settings import Settings, SettingsMissing, read_settings
from tests.tokens.issuing import ec, key_set

STAFF: dict[str, Any] = {
    "name": "staff",
    "issuer": "https://sso.example/realms/staff",
    "audience": "motcua",
    "roles": ["counter", "handler", "leader", "supervisor", "admin"],
    "role_claim": "realm_access.roles",
    "role_map": {"motcua-leader": "leader"},
}
CITIZENS: dict[str, Any] = {
    "name": "citizens",
    "issuer": "https://id.example",
    "audience": ["motcua", "portal"],
    "jwks_url": "https://id.example/keys",
    "algorithms": ["ES256"],
    "roles": ["citizen"],
    "role": "citizen",
}
MACHINES: dict[str, Any] = {
    "name": "machines",
    "issuer": "http://127.0.0.1:3000",
    "audience": "https://motcua.example/api",
    "roles": ["machine"],
    "clients": {"nightly": {"agency": "44"}},
}


@pytest.fixture(autouse=True)
def _enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is needed but an issuer."""
    for name in ("CURSOR_KEY", "TRACKING_KEY", "SERVICE_TOKEN"):
        monkeypatch.setenv(f"MOTCUA_{name}", "k" * 16)
    monkeypatch.setenv("MOTCUA_DATABASE_URL", "postgresql://db/motcua")


@pytest.fixture
def jwks(tmp_path: Path) -> str:
    """A key set in a file."""
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(key_set(ec())))
    return str(file)


def given(monkeypatch: pytest.MonkeyPatch, **settings: object) -> Settings:
    """The settings by environment variables."""
    for name, value in settings.items():
        monkeypatch.setenv(f"MOTCUA_{name.upper()}", value if isinstance(value, str) else json.dumps(value))
    return read_settings()


def told(monkeypatch: pytest.MonkeyPatch, **settings: object) -> list[str]:
    """What is wrong with them, line by line."""
    with pytest.raises(SettingsMissing) as refused:
        given(monkeypatch, **settings)
    first, *lines = str(refused.value).splitlines()
    assert first.startswith("Thiết lập còn thiếu hoặc sai")
    assert all(" · " in line for line in lines), "in both languages"
    return lines


def test_three_issuers_in_one_variable(monkeypatch):
    staff, citizens, machines = given(monkeypatch, issuers=[STAFF, CITIZENS, MACHINES]).trusted
    assert staff.discovery == "https://sso.example/realms/staff/.well-known/openid-configuration"
    assert staff.role_claim == ("realm_access", "roles")
    assert (staff.audience, citizens.audience) == (("motcua",), ("motcua", "portal"))
    assert (citizens.discovery, citizens.algorithms, citizens.role) == (None, ("ES256",), Role.CITIZEN)
    assert machines.clients["nightly"].role is Role.MACHINE
    assert staff.algorithms == ("RS256", "ES256", "EdDSA")


def test_the_same_in_a_file(monkeypatch, tmp_path):
    (file := tmp_path / "issuers.json").write_text(json.dumps([STAFF, CITIZENS, MACHINES]))
    by_file = given(monkeypatch, issuers_file=str(file)).trusted
    monkeypatch.delenv("MOTCUA_ISSUERS_FILE")
    assert given(monkeypatch, issuers=[STAFF, CITIZENS, MACHINES]).trusted == by_file


def test_the_plain_form(monkeypatch, jwks):
    (one,) = given(monkeypatch, issuer="our-own", audience="us", jwks_file=jwks, role_claim="a.b").trusted
    assert (one.name, one.issuer, one.audience, one.role_claim) == ("", "our-own", ("us",), ("a.b",))
    assert one.roles == set(Role)


def test_the_plain_form_by_discovery_and_by_address(monkeypatch):
    (one,) = given(monkeypatch, issuer="https://sso.example/").trusted
    assert one.discovery == "https://sso.example/.well-known/openid-configuration"
    (one,) = given(monkeypatch, jwks_url="https://sso.example/keys").trusted
    assert (one.discovery, one.jwks_url) == (None, "https://sso.example/keys")


def test_keys_may_lie_at_an_address_with_a_query(monkeypatch):
    (one,) = given(monkeypatch, issuers=[{**CITIZENS, "jwks_url": "https://id.example/keys?p=citizens"}]).trusted
    assert one.jwks_url == "https://id.example/keys?p=citizens"


def test_the_plain_one_goes_with_others(monkeypatch, jwks):
    plain, staff = given(monkeypatch, issuer="our-own", jwks_file=jwks, issuers=[STAFF]).trusted
    assert (plain.name, staff.name) == ("", "staff")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"audience": None}, "MOTCUA_ISSUERS[0].audience: phải đặt · must be set"),
    ({"audience": []}, "MOTCUA_ISSUERS[0].audience:"),
    ({"issuer": None}, "MOTCUA_ISSUERS[0].issuer: phải đặt · must be set"),
    ({"issuer": "sso"}, "MOTCUA_ISSUERS[0]: issuer: cần một địa chỉ https"),
    ({"issuer": "http://sso.example"}, "MOTCUA_ISSUERS[0]: issuer: phải là https"),
    ({"issuer": "https://admin:pass@sso.example"}, "MOTCUA_ISSUERS[0]: issuer: địa chỉ không được có tài khoản"),
    ({"issuer": "https://sso.example?x=1"}, "MOTCUA_ISSUERS[0]: issuer: địa chỉ không được có"),
    ({"issuer": "https://[sso"}, "MOTCUA_ISSUERS[0]: issuer: cần một địa chỉ https"),
    ({"jwks_url": "ftp://sso.example"}, "MOTCUA_ISSUERS[0]: jwks_url: cần một địa chỉ https"),
    ({"jwks_url": "http://10.0.0.1/keys"}, "MOTCUA_ISSUERS[0]: jwks_url: phải là https"),
    ({"jwks_file": "/no/such/file"}, "MOTCUA_ISSUERS[0]: jwks_file: không có tệp này"),
    ({"name": None}, "MOTCUA_ISSUERS[0].name: phải đặt"),
    ({"name": "Staff:1"}, "MOTCUA_ISSUERS[0].name:"),
    ({"roles": None}, "MOTCUA_ISSUERS[0].roles: phải đặt"),
    ({"roles": []}, "MOTCUA_ISSUERS[0].roles:"),
    ({"roles": ["king"]}, "MOTCUA_ISSUERS[0].roles"),
    ({"roles": ["counter"]}, "MOTCUA_ISSUERS[0]: roles không có vai trò mà role, role_map hoặc clients cấp: leader"),
    ({"role": "citizen"}, "MOTCUA_ISSUERS[0]: roles không có vai trò mà role, role_map hoặc clients cấp: citizen"),
    ({"clients": {"x": {"agency": "44"}}}, "MOTCUA_ISSUERS[0]: roles không có vai trò"),
    ({"clients": {"x": {}}}, "MOTCUA_ISSUERS[0].clients.x.agency: phải đặt"),
    (
        {"algorithms": ["HS256"]},
        "MOTCUA_ISSUERS[0].algorithms[0]: phải là một trong RS256, ES256, EdDSA, Ed25519, PS256",
    ),
    ({"algorithms": ["none"]}, "MOTCUA_ISSUERS[0].algorithms[0]: phải là một trong"),
    ({"algorithms": []}, "MOTCUA_ISSUERS[0].algorithms:"),
    ({"audiance": "x"}, "MOTCUA_ISSUERS[0].audiance: không có thiết lập này · there is no such setting"),
]


@pytest.mark.parametrize(("changed", "line"), WRONG, ids=[str(changed) for changed, _ in WRONG])
def test_what_is_wrong_is_named_wherever_it_stands(monkeypatch, tmp_path, changed, line):
    entry = {name: value for name, value in {**STAFF, **changed}.items() if value is not None}
    said = told(monkeypatch, issuers=[entry])
    assert any(one.startswith(line) for one in said), said
    assert "pass" not in "".join(said)
    monkeypatch.delenv("MOTCUA_ISSUERS")
    (file := tmp_path / "issuers.json").write_text(json.dumps([entry]))
    by_file = told(monkeypatch, issuers_file=str(file))
    assert any(one.startswith(line.replace("ISSUERS", "ISSUERS_FILE")) for one in by_file), by_file


@pytest.mark.parametrize("text", ["{", "staff", "[}", "7", "{}"])
def test_what_is_no_list(monkeypatch, tmp_path, text):
    assert told(monkeypatch, issuers=text)[0].startswith("MOTCUA_ISSUERS: ")
    monkeypatch.delenv("MOTCUA_ISSUERS")
    (file := tmp_path / "issuers.json").write_text(text)
    assert told(monkeypatch, issuers_file=str(file))[0].startswith("MOTCUA_ISSUERS_FILE: ")


def test_a_file_that_is_not_there(monkeypatch):
    assert told(monkeypatch, issuers_file="/no/such/file")[0].startswith("MOTCUA_ISSUERS_FILE: không đọc được")


@pytest.mark.parametrize("same", ["issuer", "name"])
def test_two_that_are_one(monkeypatch, same):
    assert "two issuers have the same" in told(monkeypatch, issuers=[STAFF, {**CITIZENS, same: STAFF[same]}])[0]


def test_plain_http_only_where_somebody_says_so(monkeypatch):
    (one,) = given(monkeypatch, issuers=[{**STAFF, "issuer": "http://sso:8080", "allow_http": True}]).trusted
    assert one.discovery == "http://sso:8080/.well-known/openid-configuration"
    monkeypatch.delenv("MOTCUA_ISSUERS")
    assert "allow_http" in told(monkeypatch, issuer="http://sso:8080")[0]
    assert given(monkeypatch, issuer="http://[::1]:8080").trusted


# --- the local issuer of embedded mode ---


def test_it_has_one_name():
    assert local_issuer.ISSUER == issuers.LOCAL_ISSUER == Settings.model_fields["issuer"].default


def test_outside_embedded_mode_a_service_that_would_trust_it_does_not_start(monkeypatch, jwks):
    for settings in (
        {"jwks_file": jwks},
        {"jwks_file": jwks, "embedded": "false"},
        {"jwks_file": jwks, "issuers": [STAFF]},
        {"issuers": [{**CITIZENS, "issuer": issuers.LOCAL_ISSUER}]},
    ):
        with monkeypatch.context() as changed:
            (line,) = told(changed, **settings)
            assert line.startswith("MOTCUA_ISSUER: motcua-local chỉ dùng ở chế độ nhúng")
            assert "MOTCUA_EMBEDDED=true" in line


def test_in_embedded_mode_it_is_trusted_and_others_beside_it(monkeypatch, jwks):
    local, staff = given(monkeypatch, embedded="true", jwks_file=jwks, issuers=[STAFF]).trusted
    assert (local.issuer, staff.name) == (issuers.LOCAL_ISSUER, "staff")


def test_only_the_launcher_says_that_it_is_embedded_mode(tmp_path):
    installation = Installation(tmp_path)
    installation.prepare()
    assert Settings.model_fields["embedded"].default is False
    spoken = Services(installation, "postgresql://db/motcua", (0, 0, 0)).settings_of("intake")
    assert (spoken["MOTCUA_EMBEDDED"], spoken["MOTCUA_ISSUER"]) == ("true", local_issuer.ISSUER)
