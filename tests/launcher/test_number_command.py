"""`motcua seal-numbers`: the embedded installation has a key of its own, and gets another one while it stands still."""

from pathlib import Path

from tests.journeys.conftest import await_running, start_up, stop
from tests.launcher.test_edition_commands import motcua
from tests.support import WARD, a_draft

NUMBER = "045190765432"


def test_a_key_of_its_own_and_another_one(tmp_path: Path) -> None:
    running = await_running(start_up(tmp_path, "--replay", "none"), tmp_path)
    keys = tmp_path / "keys" / "identity"
    try:
        assert oct(keys.stat().st_mode & 0o777) == "0o600"
        first = keys.read_text()
        assert first.startswith("1:")
        with running.client("intake", "counter", WARD) as counter:
            code = counter.post("/v1/dossiers", json=a_draft(id_number=NUMBER)).json()["code"]
        status, _, told = motcua(running, "seal-numbers")
        assert (status, "Đã xử lý 0 chủ hồ sơ" in told) == (0, True), told
        status, _, told = motcua(running, "seal-numbers", "--new-key")
        assert (status, "motcua up" in told, keys.read_text()) == (1, True, first)
        assert motcua(running, "seal-numbers", "--new-key", "--undo")[0] == 2
    finally:
        stop(running)
    status, _, told = motcua(running, "seal-numbers", "--new-key", language="en_US.UTF-8")
    assert (status, "Done: 1 applicants," in told) == (0, True), told
    second = keys.read_text()
    assert (second.startswith("2:"), second.endswith(f",{first}")) == (True, True)
    assert oct(keys.stat().st_mode & 0o777) == "0o600"
    for secret in (first, second):
        assert secret.partition(":")[2] not in told
    running = await_running(start_up(tmp_path, "--replay", "none"), tmp_path)
    try:
        with running.client("intake", "counter", WARD) as counter:
            assert counter.get(f"/v1/dossiers/{code}").json()["applicant"]["id_number"] == NUMBER
            found = counter.get("/v1/dossiers", headers={"Applicant-Id-Number": NUMBER}).json()["items"]
            assert [item["code"] for item in found] == [code]
    finally:
        stop(running)
