"""docker-compose.yml and the Dockerfile, as far as they can be held to the code without running a container."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from services.launcher import DEFAULT_PORTS, ROOMS
from shared.web.settings import Settings

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
OURS = (*ROOMS, "worker", "migrate")
KNOWN = {f"MOTCUA_{name.upper()}" for name in Settings.model_fields}
#: What compose itself reads: never a variable inside a container.
OF_COMPOSE = {"MOTCUA_DB_PASSWORD", "MOTCUA_IMAGE"}


@pytest.fixture(scope="module")
def compose() -> Any:
    return YAML(typ="safe").load(COMPOSE_TEXT)


@pytest.mark.parametrize(
    "command",
    [
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        ["hadolint", "Dockerfile"],
    ],
    ids=lambda command: command[0],
)
def test_the_linters_pass(command):
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_the_database_the_migration_the_three_services_and_the_worker(compose):
    assert set(compose["services"]) == {"postgres", *OURS}


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_a_container_is_a_setting(compose, name):
    ours = {key for key in compose["services"][name]["environment"] if key.startswith("MOTCUA_")}
    assert ours <= KNOWN, f"not in shared/web/settings.py: {sorted(ours - KNOWN)}"


def test_every_variable_that_is_read_from_outside_is_known():
    read = set(re.findall(r"\$\{(MOTCUA_\w+)", COMPOSE_TEXT)) | set(re.findall(r"MOTCUA_[A-Z_]+", DOCKERFILE))
    assert read <= KNOWN | OF_COMPOSE


@pytest.mark.parametrize(
    "secret",
    [
        *("MOTCUA_DB_PASSWORD", "MOTCUA_CURSOR_KEY", "MOTCUA_TRACKING_KEY", "MOTCUA_IDENTITY_KEYS"),
        "MOTCUA_SERVICE_TOKEN",
    ],
)
def test_a_secret_has_no_default(secret):
    used = re.findall(r"\$\{" + secret + r"(..)", COMPOSE_TEXT)
    assert used, f"{secret} is not used"
    assert set(used) == {":?"}, f"{secret} must be written ${{{secret}:?what it is}}"


def test_no_secret_stands_in_the_file(compose):
    for name, service in compose["services"].items():
        for key, value in service["environment"].items():
            if re.search(r"PASSWORD|SECRET|TOKEN|CURSOR_KEY|TRACKING_KEY|IDENTITY_KEYS", key):
                assert value.startswith("${"), f"{name}: {key} is written out"
    assert re.findall(r"://[^/\s]*:([^@\s]+)@", re.sub(r"\$\{[^}]*\}", "$", COMPOSE_TEXT)) == ["$"]


@pytest.mark.parametrize(("room", "port"), list(zip(ROOMS, DEFAULT_PORTS, strict=True)))
def test_each_service_serves_on_its_port_on_loopback_and_says_when_it_is_ready(compose, room, port):
    service = compose["services"][room]
    assert service["command"] == ["serve", room, "--host", "0.0.0.0", "--port", str(port)]  # noqa: S104
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert service["environment"]["READY_URL"] == f"http://127.0.0.1:{port}/readyz"
    assert service["environment"][f"MOTCUA_{room.upper()}_URL"] == f"http://{room}:{port}"
    assert service["healthcheck"]["test"] == ["CMD", "ready"]


@pytest.mark.parametrize("name", [*ROOMS, "worker"])
def test_nothing_starts_before_the_schema_is_there(compose, name):
    assert compose["services"][name]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }


def test_only_the_worker_runs_the_consumers(compose):
    background = {name: compose["services"][name]["environment"]["MOTCUA_BACKGROUND"] for name in (*ROOMS, "worker")}
    assert background == {"intake": "false", "routing": "false", "stats": "false", "worker": "true"}


def test_the_pools_fit_into_the_database(compose):
    (allowed,) = re.findall(r"max_connections=(\d+)", " ".join(compose["services"]["postgres"]["command"]))
    pool = Settings.model_fields["pool_size"].default
    worker = int(compose["services"]["worker"]["environment"]["MOTCUA_POOL_SIZE"])
    assert f"MOTCUA_POOL_SIZE: ${{MOTCUA_POOL_SIZE:-{pool}}}" in COMPOSE_TEXT
    assert len(ROOMS) * (pool + worker) < int(allowed) - 10


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_rights_to_spare(compose, name):
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service


def test_nothing_is_published_beyond_loopback(compose):
    published = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_image_runs_as_an_ordinary_user_on_a_base_that_can_be_swapped():
    assert re.search(r"^ARG BASE=", DOCKERFILE, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${BASE}"}
    user = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert user
    assert user[-1] not in ("root", "0")
    assert re.search(r"^HEALTHCHECK ", DOCKERFILE, re.MULTILINE)


def test_the_image_installs_only_what_is_pinned_by_hash_from_wherever_the_builder_gets_its_packages():
    assert "--require-hashes -r /tmp/run.txt" in DOCKERFILE
    assert not re.search(r"index-url|trusted-host|https?://(?!127\.0\.0\.1)", DOCKERFILE)


def test_the_image_holds_every_package_of_the_product():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert set(re.findall(r"^COPY (\w+) /app/\1$", DOCKERFILE, re.MULTILINE)) == {*packages, "LICENSE"}
    allowed = set(re.findall(r"^!([\w/.]+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert allowed == {*packages, "requirements/run.txt", "LICENSE"}
