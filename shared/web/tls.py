"""The authorities that vouch for servers we speak to."""

import ssl
from functools import cache

import httpx


@cache
def authorities(*, trust_env: bool = True) -> ssl.SSLContext:
    """For `verify=` of every client: reading them takes 40 ms in which a process does nothing else, so they are read
    once. To be read only: who trusts others too makes a context of its own. trust_env: also those of SSL_CERT_FILE."""
    return httpx.create_ssl_context(trust_env=trust_env)
