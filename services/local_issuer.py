"""The token issuer of embedded mode: one key pair in the data directory, tokens for whoever can read it."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

ISSUER = "motcua-local"
AUDIENCE = "motcua"


class LocalIssuer:
    """Issues and signs tokens. The private key never leaves `data_dir/keys`, readable by its owner only."""

    def __init__(self, data_dir: Path) -> None:
        self.jwks_file = data_dir / "keys" / "jwks.json"
        private = data_dir / "keys" / "signing.json"
        if not private.exists():
            private.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
            _write(self.jwks_file, json.dumps(KeySet([key]).as_dict(private=False)))
            _write(private, json.dumps(key.as_dict(private=True)))
        self._key = RSAKey.import_key(json.loads(private.read_text()))

    def token(self, *, role: str, agency: str, now: datetime, subject: str = "", hours: float = 12) -> str:
        """A token for `role` at `agency` (a code; it covers the agency's subtree), valid for `hours`."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject or f"{role}@{agency}",
            "role": role,
            "agency": agency,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(hours=hours)).timestamp()),
        }
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, self._key)


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and for its owner only."""
    temporary = path.with_suffix(".new")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)
