"""A PostgreSQL of the operator's own: whether it can be used, and in one sentence what to do where it cannot."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from services.refusals import Refused
from shared.tables.grants import COPIER, copier_made_for

PATIENCE_SECONDS = 5.0
OLDEST = 15
_PAUSE_SECONDS = 0.2
#: Insufficient privilege, a role that may not log in; and the two that answer to an extension that is not there.
_MAY_NOT = ("42501", "28000", "28P01")
_NOT_THERE = ("58P01", "0A000")


class DatabaseUnusable(Refused):
    """The database that MOTCUA_DATABASE_URL names cannot be used; the message says why and what to do."""


def need(url: str) -> None:
    """Return when it takes connections; one that starts beside us is waited for a few seconds."""
    asyncio.run(_need(url))


async def _need(url: str) -> None:
    import asyncpg

    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=PATIENCE_SECONDS)
            break
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError) as error:
            if time.monotonic() > deadline:
                raise _away(url, error) from error
        except asyncpg.InvalidCatalogNameError as error:
            raise _unusable(
                f"Chưa có cơ sở dữ liệu {_name(url)}; hãy tạo trước, ví dụ bằng lệnh: createdb {_name(url)}",
                f"The database {_name(url)} does not exist at {_place(url)}. Create it first, e.g. with: "
                f"createdb {_name(url)}",
            ) from error
        except asyncpg.InvalidAuthorizationSpecificationError as error:
            raise _unusable(
                "Sai tài khoản hoặc mật khẩu của cơ sở dữ liệu; hãy xem lại MOTCUA_DATABASE_URL.",
                f"{_place(url)} refuses the login ({error}). Correct user and password in MOTCUA_DATABASE_URL.",
            ) from error
        except asyncpg.PostgresError as error:
            raise _away(url, error) from error
        except (ValueError, TypeError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise _unusable(
                "MOTCUA_DATABASE_URL không hợp lệ, cần dạng postgresql://user:password@host:5432/database",
                "MOTCUA_DATABASE_URL is no address of a PostgreSQL; it looks like "
                "postgresql://user:password@host:5432/database",
            ) from error
        await asyncio.sleep(_PAUSE_SECONDS)
    found = connection.get_server_version().major
    await connection.close()
    if found < OLDEST:
        raise _unusable(
            f"PostgreSQL tại {_place(url)} là phiên bản {found}; cần từ {OLDEST} trở lên.",
            f"The PostgreSQL at {_place(url)} is version {found}; {OLDEST} or newer is needed.",
        )


@contextmanager
def told(url: str) -> Iterator[None]:
    """What the owner may not do, or the server does not have, is told in a sentence. Any other error is a fault."""
    import asyncpg
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except (DBAPIError, asyncpg.PostgresError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        state = getattr(cause, "sqlstate", None)
        if state not in (*_MAY_NOT, *_NOT_THERE):
            raise
        said = str(cause).rpartition(">: ")[2].splitlines()[0]
        if COPIER in str(error):
            raise _unusable(
                f"Chủ sở hữu chưa được tạo vai trò {COPIER} (BYPASSRLS). Quản trị viên của máy chủ hãy chạy một lần: "
                f"{_make(url)}",
                f"{_place(url)} refuses: {said}. The owner may not make the role {COPIER}, which policies of rows do "
                f"not hold. Whoever administers the server runs once: {_make(url)}",
            ) from error
        raise _unusable(
            "Không cập nhật được cơ sở dữ liệu: chủ sở hữu phải được tạo vai trò và các phần mở rộng pg_trgm, "
            "btree_gist.",
            f"{_place(url)} refuses: {said}. The owner must be allowed to create roles and the extensions pg_trgm and "
            "btree_gist.",
        ) from error


def _make(url: str) -> str:
    return copier_made_for(urlsplit(url).username or "motcua")


def _away(url: str, error: Exception) -> DatabaseUnusable:
    return _unusable(
        f"Không kết nối được cơ sở dữ liệu tại {_place(url)}; hãy xem máy chủ có chạy không và địa chỉ trong "
        "MOTCUA_DATABASE_URL.",
        f"No PostgreSQL takes connections at {_place(url)} ({type(error).__name__}). Start it, or correct the address "
        "in MOTCUA_DATABASE_URL.",
    )


def _unusable(vietnamese: str, english: str) -> DatabaseUnusable:
    return DatabaseUnusable(f"{vietnamese}\n{english}")


def _place(url: str) -> str:
    """Host and port, without user and password."""
    return urlsplit(url).netloc.rpartition("@")[2] or "localhost"


def _name(url: str) -> str:
    return urlsplit(url).path.lstrip("/") or urlsplit(url).username or "motcua"
