"""What an operator may open to webhooks, and that a service does not start on what is not meant."""

import pytest

from shared.web.settings import SettingsMissing, read_settings


@pytest.fixture
def environment(monkeypatch):
    """The settings that a service needs."""
    for name in ("CURSOR_KEY", "TRACKING_KEY", "SERVICE_TOKEN"):
        monkeypatch.setenv(f"MOTCUA_{name}", "sixteen characters")
    monkeypatch.setenv("MOTCUA_DATABASE_URL", "postgresql://motcua@db.example/motcua")
    monkeypatch.setenv("MOTCUA_ISSUER", "https://sso.example.vn")
    return monkeypatch


def test_what_is_set_is_what_is_allowed(environment, tmp_path):
    assert read_settings().webhook_targets.networks == ()
    assert read_settings().webhook_targets.ports == (443,)
    environment.setenv("MOTCUA_WEBHOOK_NETWORKS", "10.20.0.0/16, fd12:3456::/32")
    environment.setenv("MOTCUA_WEBHOOK_PORTS", "443,8443")
    (tmp_path / "roots.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    environment.setenv("MOTCUA_WEBHOOK_CERTIFICATES", str(tmp_path / "roots.pem"))
    environment.setenv("MOTCUA_WEBHOOK_PROXY", "http://proxy.example:3128")
    allowed = read_settings().webhook_targets
    assert [str(network) for network in allowed.networks] == ["10.20.0.0/16", "fd12:3456::/32"]
    assert allowed.ports == (443, 8443)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NETWORKS", "0.0.0.0/0"),
        ("NETWORKS", "10.0.0.0/8,169.254.169.254"),
        ("NETWORKS", "8.8.8.0/24"),
        ("NETWORKS", "intranet"),
        ("PORTS", "0"),
        ("PORTS", "https"),
        ("PORTS", "65536"),
        ("PLAIN_HOSTS", "localhost"),
        ("CERTIFICATES", "/nowhere/roots.pem"),
        ("PROXY", "socks5://proxy.example:1080"),
        ("PROXY", "http://user:secret@proxy.example:3128"),
    ],
)
def test_what_would_open_more_than_is_meant_does_not_start(environment, name, value):
    environment.setenv(f"MOTCUA_WEBHOOK_{name}", value)
    with pytest.raises(SettingsMissing) as refused:
        read_settings()
    assert f"MOTCUA_WEBHOOK_{name}" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_without_tls_in_embedded_mode_only(environment):
    environment.setenv("MOTCUA_EMBEDDED", "true")
    environment.setenv("MOTCUA_WEBHOOK_PLAIN_HOSTS", "localhost")
    assert read_settings().webhook_targets.plain_hosts == ("localhost",)
