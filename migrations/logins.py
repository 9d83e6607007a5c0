"""How a service logs in: as its own role, with a password derived from the owner's, so one URL configures all."""

import hashlib
import hmac
from urllib.parse import quote, unquote, urlsplit, urlunsplit

_OF_A_SERVICE = "motcua_"


def role_password(owner_url: str, role: str) -> str:
    """The password of a service's role."""
    secret = unquote(urlsplit(owner_url).password or "")
    return hmac.new(secret.encode(), role.encode(), hashlib.sha256).hexdigest()


def role_url(owner_url: str, role: str) -> str:
    """The URL with which a service logs in as `role`. One that already names a service's role is left as it is."""
    parts = urlsplit(owner_url)
    if (parts.username or "").startswith(_OF_A_SERVICE):
        return owner_url
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}:{role_password(owner_url, role)}@{place}"))
