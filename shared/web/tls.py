"""The authorities that vouch for servers we speak to."""

import ssl
from functools import cache

import httpx


@cache
def authorities(*, trust_env: bool = True) -> ssl.SSLContext:
    """For `verify=` of every client: reading them takes 40 ms in which a process does nothing else, so they are read
    once. trust_env: those of SSL_CERT_FILE or SSL_CERT_DIR, where one is set."""
    return httpx.create_ssl_context(trust_env=trust_env)
