"""The secret on a receipt: whoever holds the paper may see how the dossier stands."""

import hmac
from base64 import b32encode
from hashlib import sha256

#: 16 letters and digits, 80 bits: nobody guesses it, and it can be typed from paper.
_BYTES = 10


def secret_of(key: str, name: str) -> str:
    """The secret of the dossier whose chain is bound to `name`: its reference, or its code where it has none. Made from
    the installation's key and kept nowhere. 16 characters of A to Z and 2 to 7."""
    return b32encode(hmac.new(key.encode(), name.encode(), sha256).digest()[:_BYTES]).decode()


def is_secret_of(key: str, name: str, offered: str) -> bool:
    """Whether `offered` is it, however its letters are written; in constant time."""
    return hmac.compare_digest(secret_of(key, name).encode(), offered.strip().upper().encode())
