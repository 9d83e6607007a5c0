"""The token issuer of embedded mode: one key pair in the data directory, tokens for whoever can read it."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

ISSUER = "motcua-local"
AUDIENCE = "motcua"
ALGORITHM = "ES256"  # a token of half the length that RS256 makes, to be pasted


class LocalIssuer:
    """Issues and signs tokens. The private key never leaves `data_dir/keys`, readable by its owner only."""

    def __init__(self, data_dir: Path) -> None:
        self.jwks_file = data_dir / "keys" / "jwks.json"
        private = data_dir / "keys" / "signing.json"
        if not private.exists():
            private.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
            _write(self.jwks_file, json.dumps(KeySet([key]).as_dict(private=False)))
            _write(private, json.dumps(key.as_dict(private=True)))
        self._key = ECKey.import_key(json.loads(private.read_text()))

    def token(
        self, *, role: str, agency: str, now: datetime, subject: str = "", hours: float = 12, id_number: str = ""
    ) -> str:
        """A token for `role` at `agency` (a code; it covers the agency's subtree), valid for `hours`. `id_number`: of
        a citizen, who may see the dossiers of that number."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject or f"{role}@{agency}",
            "role": role,
            "agency": agency,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(hours=hours)).timestamp()),
            **({"id_number": id_number} if id_number else {}),
        }
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid}, claims, self._key, algorithms=[ALGORITHM])


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and for its owner only."""
    temporary = path.with_suffix(".new")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    temporary.replace(path)
