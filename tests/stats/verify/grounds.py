"""A database with histories that are counted, in which something is planted; and `motcua verify` on it."""

import asyncio
import subprocess
import sys
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg

from services.verification import CHECKS
from shared.domain.differences import Difference
from shared.web.checks import one_moment, walked
from tests.builders_log import History
from tests.conftest import Database

FIRST, LAST = date(2018, 11, 20), date(2019, 6, 30)
TABLES = ("dossier", "dossier_event", "event_note", "count_day", "count_checkpoint", "stats_position")
#: The history that each fixture ends with: four events, finished late.
ITS = "dossier_id = (SELECT max(id) FROM dossier)"
ROW = "id = (SELECT max(id) FROM dossier)"


async def differences(database: Database, *, size: int = 7) -> list[Difference]:
    """All that a verification finds, in ranges so small that a history of tests has many."""
    checks = [check() for check in CHECKS]
    async with (
        one_moment(database.url) as moment,
        aclosing(walked(moment, checks, lambda _: None, size=size)) as found,
    ):
        return [difference async for difference in found]


async def motcua_verify(database: Database, *more: str) -> tuple[int, str]:
    """The command: exit status, what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", "verify", *more),
        env={"MOTCUA_DATABASE_URL": database.owner_url, "LC_ALL": "vi_VN.UTF-8", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


@dataclass
class Ground:
    """A database with histories that are counted, and its owner, whom no trigger and no grant holds back."""

    database: Database
    owner: asyncpg.Connection
    stats: asyncpg.Connection
    agencies: list[int]
    histories: list[History]

    async def plants(self, statement: str, *values: Any) -> None:
        """Change what nobody may."""
        await self.owner.execute("SET session_replication_role = replica")
        done = await self.owner.execute(statement, *values)
        assert done.split()[-1] != "0", f"nothing was planted: {statement}"
