"""Places where files are kept, as an installation has them: a directory, and a store that speaks S3."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

FOLDER = Path(__file__).parent / "real_s3"
BUCKET, PREFIX = "motcua", "ho-so/tep"
#: s3rver takes away a directory that a deletion leaves empty; where a put has just made sure of it, the whole process
#: dies of the file that it cannot open. A real store has no directories: in these something always lies.
_STAYS = "stays.md5"


@contextmanager
def real_s3(directory: Path) -> Iterator[str]:
    """A server that speaks S3 (s3rver), with an empty bucket; its address. `make store` installs it."""
    if shutil.which("node") is None:
        pytest.skip("node is missing: no S3 server to test against")
    if not (FOLDER / "node_modules" / "s3rver").exists():
        pytest.skip("s3rver is missing: run `make store`")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for each in range(256):
        stays = directory / BUCKET / PREFIX / f"{each:02x}" / _STAYS
        stays.parent.mkdir(parents=True)
        stays.touch()
    command = ["node", str(FOLDER / "node_modules" / "s3rver" / "bin" / "s3rver.js"), "--silent"]
    command += ["--address", "127.0.0.1", "--port", str(port), "--directory", str(directory)]
    process = subprocess.Popen(
        [*command, "--configure-bucket", BUCKET], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                httpx.get(address)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        else:
            raise AssertionError("the S3 server does not answer")
        yield address
    finally:
        process.terminate()
        process.wait(10)


def settings_of_s3(address: str) -> dict[str, Any]:
    """The settings that name it."""
    return {
        "files": f"s3://{BUCKET}/{PREFIX}",
        "files_endpoint": address,
        "files_key": "S3RVER",
        "files_secret": "S3RVER",
    }


def contents_in(directory: Path) -> set[str]:
    """The hashes that are kept below a directory, by either storage, and the name of whatever else lies there."""
    found = {file.name for file in directory.rglob("*") if file.is_file()}
    return {name.partition("._S3rver_")[0] for name in found if not name.endswith(("_metadata.json", ".md5"))}
