"""`motcua anchors`: an anchor is handed over with all that somebody outside needs."""

import subprocess
import sys
import time

from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.journeys.conftest import Running
from tests.launcher.test_edition_commands import motcua


def test_an_anchor_is_handed_over(running: Running, tmp_path) -> None:
    with running.client("intake", "supervisor", "44") as client:
        deadline = time.monotonic() + 30  # the worker takes the first at its start
        while not client.get("/v1/anchors").json()["items"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    status, out, _ = motcua(running, "anchors", language="en_US.UTF-8")
    assert (status, b"Anchors" in out) == (0, True)
    assert f"{civil_day(now()):%d/%m/%Y}" in out.decode()
    to = tmp_path / "giao nộp"
    status, out, told = motcua(running, "anchors", "--to", str(to))
    assert (status, told.count("chưa có dấu thời gian")) == (0, 1), told
    assert told.count("nhật ký chưa có sự kiện nào") == 1, "nobody takes it for a proof"
    assert sorted(file.name for file in to.iterdir()) == ["anchor-1.txt", "events.ndjson", "verify_anchors.py"]
    pasted = out.decode().splitlines()[-1].split()
    done = subprocess.run([sys.executable, "-I", *pasted[1:]], cwd=to, capture_output=True, text=True, check=False)
    assert (done.returncode, "nothing was changed" in done.stdout) == (0, True)
    assert "there is nothing to be proven" in done.stdout
    handed_over = (to / "events.ndjson").read_bytes()
    status, _, told = motcua(running, "anchors", "--to", str(to), "--after", "1")
    assert (status, "--after" in told) == (2, True)
    assert (to / "events.ndjson").read_bytes() == handed_over, "a refusal leaves what was there as it was"
    status, _, told = motcua(running, "anchors", "--to", str(to), "--upto", "99")
    assert (status, "`motcua anchors`" in told) == (2, True), "where one sees which there are"
    status, _, told = motcua(running, "anchors", "--upto", "1")
    assert (status, told.startswith("--to: ")) == (2, True), "which option is missing"
    status, _, told = motcua(running, "anchors", "--to", str(to / "verify_anchors.py"))
    assert (status, "--to" in told, "cannot be written" in " ".join(told.replace("│", " ").split())) == (2, True, True)
