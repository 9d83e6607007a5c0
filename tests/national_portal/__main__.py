"""`python -m tests.national_portal`: says its address in one line of JSON, and serves until it is ended."""

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from tests.national_portal.catalogue import Catalogue
from tests.national_portal.control import with_sessions
from tests.national_portal.faults import Faults
from tests.national_portal.server import serve
from tests.national_portal.services import Portal
from tests.national_portal.settings import Configuration, Settings
from tests.national_portal.store import Store


def arguments() -> argparse.ArgumentParser:
    """What can be said to it."""
    plain = Configuration()
    parser = argparse.ArgumentParser(prog="python -m tests.national_portal", description=__doc__)
    parser.add_argument("--host", default=plain.host, help="other than loopback only for the protocol, not for control")
    parser.add_argument("--port", type=int, default=plain.port, help="0: any free one")
    parser.add_argument("--username", default=plain.username)
    parser.add_argument("--password", default=plain.password)
    parser.add_argument("--madonvi", default=plain.madonvi, help="the identification code of who calls")
    parser.add_argument("--dstcode", default=plain.dstcode, help="what the header of that name must say")
    parser.add_argument("--session-seconds", type=float, help="how long a session holds (1800)")
    parser.add_argument("--session-calls", type=int, help="for how many calls; 0: any number")
    parser.add_argument("--seed", type=int, default=plain.seed, help="of everything that is drawn")
    parser.add_argument("--store", type=Path, help="a file that keeps all over restarts; none: memory")
    parser.add_argument("--with-caller", action="store_true", help="end when standard input is closed")
    return parser


def main() -> None:
    """Start it."""
    given = arguments().parse_args()
    settings = with_sessions(Settings(), given.session_seconds, given.session_calls)
    configuration = Configuration(
        username=given.username,
        password=given.password,
        madonvi=given.madonvi,
        dstcode=given.dstcode,
        seed=given.seed,
        store=given.store,
        host=given.host,
        port=given.port,
    )
    store = Store(configuration.store)
    kept = store.note("settings", "")
    portal = Portal(
        configuration,
        Settings().changed(kept) if kept else settings,
        store,
        Catalogue(store.catalogue_changes()),
        Faults(configuration.seed),
        initial=settings,
    )

    if given.with_caller:
        threading.Thread(target=_end_with_caller, daemon=True).start()

    def listening(host: str, port: int) -> None:
        address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        said = {"address": address, "pid": os.getpid(), "madonvi": given.madonvi, "dstcode": given.dstcode}
        print(json.dumps(said), flush=True)

    try:
        serve(portal, listening)
    finally:
        store.close()


def _end_with_caller() -> None:
    """Wait for the end of standard input: whoever started this is gone, killed perhaps."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
