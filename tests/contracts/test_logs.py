"""Logs are one JSON object a line, whoever writes them, and hold nothing that a citizen has sent."""

import json
import subprocess
import sys

SECRET = "Nguyễn Thị Bí Mật 045190000001"
PROGRAM = f"""
import logging
from shared.web.log import configure
configure("info", "intake")
logging.getLogger("asyncpg").warning("resetting %s", "{SECRET}")
try:
    raise ValueError("{SECRET}")
except ValueError:
    logging.getLogger("asyncio").exception("Task exception was never retrieved")
import structlog
structlog.get_logger().info("dossier.received", where="Đông Hà")
"""


def test_what_libraries_say_is_json_without_what_was_sent() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert SECRET not in done.stderr
    first, second, third = [json.loads(line) for line in done.stderr.splitlines()]
    assert (first["event"], first["logger"], first["level"]) == ("resetting %s", "asyncpg", "warning")
    assert (second["error"], second["room"]) == ("ValueError", "intake")
    assert (third["event"], third["where"]) == ("dossier.received", "Đông Hà")
    assert all("timestamp" in line for line in (first, second, third))
