"""`motcua report seal`, `editions` and `edition`: sealed, read byte for byte, corrected, verified."""

import json
import os
import subprocess
from hashlib import sha256

from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.journeys.conftest import Running, command
from tests.support import WARD, a_draft


def motcua(running: Running, *words: str, language: str = "vi_VN.UTF-8") -> tuple[int, bytes, str]:
    """Exit status, standard output, standard error."""
    done = subprocess.run(
        command(*words, "--data-dir", str(running.installation.data_dir)),
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "LC_ALL": language},
    )
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr.decode()


def test_a_report_is_sealed_and_corrected(running: Running) -> None:
    today = str(civil_day(now()))
    days = ("--from", today, "--to", today)
    status, out, _ = motcua(
        running, "report", "seal", "resolution", *days, "--format", "json", "--note", "Báo cáo ngày"
    )
    assert status == 0
    edition = json.loads(out)
    assert (edition["number"], edition["note"], edition["parameters"]["group_by"]) == (1, "Báo cáo ngày", "tree")
    status, content, _ = motcua(running, "report", "edition", str(edition["id"]))
    assert (status, sha256(content).hexdigest()) == (0, edition["sha256"])

    status, _, told = motcua(running, "report", "seal", "resolution", *days)
    assert status == 1
    assert f"bản chốt {edition['id']}" in told
    correcting = ("--corrects", str(edition["id"]))
    status, _, told = motcua(running, "report", "seal", "resolution", *days, *correcting)
    assert (status, "--reason" in told) == (2, True)
    reason = ("--reason", "Tiếp nhận thêm [một] hồ sơ")
    status, _, told = motcua(
        running, "report", "seal", "resolution", *days, *correcting, *reason, language="en_US.UTF-8"
    )
    assert (status, "changes nothing" in told) == (2, True)

    with running.client("intake", "counter", WARD) as counter:
        assert counter.post("/v1/dossiers", json=a_draft()).status_code == 201
    status, out, told = motcua(running, "report", "seal", "resolution", *days, *correcting, *reason)
    assert status == 0, told
    assert f"đính chính bản {edition['id']}" in out.decode()
    assert "[một]" in out.decode()

    status, out, _ = motcua(running, "report", "editions", "--agency", "44", language="en_US.UTF-8")
    assert status == 0
    shown = out.decode()
    assert "corrected by" in shown
    assert edition["sha256"][:32] in shown
    assert edition["sha256"][32:] in shown
    status, out, _ = motcua(running, "report", "editions", "--format", "json")
    newest, first = json.loads(out)["items"]
    assert (newest["corrects"], first["corrected_by"]) == (first["id"], newest["id"])
    assert motcua(running, "report", "edition", str(edition["id"]))[1] == content

    status, out, told = motcua(running, "verify", "--format", "json")
    assert status == 0, told
    assert json.loads(out)["seen"]["editions"] == 2
    nowhere = ("--format", "json", "--output", "/nonexistent/edition.json")
    status, _, told = motcua(running, "report", "seal", "annex", *days, *nowhere)
    assert (status, "cannot be written" in told) == (2, True)
    status, out, told = motcua(running, "report", "seal", "annex", *days, "--format", "json", "--output", "/dev/full")
    assert (status, "Đã chốt" in told) == (1, True), "that could be told by the writing only; before, it was not sealed"


def test_what_is_asked_wrongly(running: Running) -> None:
    assert motcua(running, "report", "seal", "usage", "--period", "2026-01")[0] == 2
    assert motcua(running, "report", "seal", "resolution")[0] == 2
    assert motcua(running, "report", "seal", "resolution", "--period", "2026-13")[0] == 2
    status, _, told = motcua(running, "report", "edition", "999999")
    assert (status, "motcua report editions" in told) == (2, True), "where one sees which there are"
    unknown = ("--corrects", "999999", "--reason", "sai")
    status, _, told = motcua(running, "report", "seal", "annex", "--period", "2026-01", *unknown)
    assert (status, told.strip()) == (
        2,
        "--corrects: không có bản chốt mang số này; tra số tại `motcua report editions`",
    )
    assert motcua(running, "report", "edition", "0")[0] == 2
    assert motcua(running, "report", "editions", "--format", "xml")[0] == 2
