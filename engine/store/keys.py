"""Who may ask what?"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass

from engine.errors import BadQuery
from engine.store.database import Database

SCOPES = ("search", "events", "admin")
_PREFIX = "rh"


@dataclass(frozen=True)
class ApiKey:
    """What is known of a key; its secret is not: it is shown once, when made. Moments in Unix seconds."""

    key_id: str
    name: str
    scopes: tuple[str, ...]
    created: float
    expires: float | None = None
    revoked: float | None = None

    def allows(self, scope: str) -> bool:
        """An admin key may do everything."""
        return scope in self.scopes or "admin" in self.scopes

    def alive(self, now: float) -> bool:
        return self.revoked is None and (self.expires is None or now < self.expires)


def _digest(salt: bytes, secret: str) -> bytes:
    # 256 random bits need no slow hash: nobody can guess them, and each request pays for this line.
    return hmac.new(salt, secret.encode(), hashlib.sha256).digest()


def _key(row: tuple[str, str, str, float, float | None, float | None]) -> ApiKey:
    key_id, name, scopes, created, expires, revoked = row
    return ApiKey(key_id, name, tuple(scopes.split()), created, expires, revoked)


class Keys:
    """API keys, salted and hashed at rest."""

    _database: Database

    def create_key(
        self, scopes: Collection[str], *, name: str = "", expires: float | None = None
    ) -> tuple[str, ApiKey]:
        """Make a key. Returns the token to hand out (it cannot be read again) and what is kept of it."""
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown or not scopes:
            raise BadQuery(
                f"A key needs scopes out of {', '.join(SCOPES)}; got {', '.join(unknown) or 'none'}."
            )
        now = time.time()
        if expires is not None and expires <= now:
            raise BadQuery("The key would have expired already. Give a moment to come.")
        key_id, secret, salt = secrets.token_hex(6), secrets.token_urlsafe(32), secrets.token_bytes(16)
        kept = ApiKey(key_id, name, tuple(s for s in SCOPES if s in scopes), now, expires)
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                (key_id, name, salt, _digest(salt, secret), " ".join(kept.scopes), now, expires),
            )
        return f"{_PREFIX}_{key_id}_{secret}", kept

    def keys(self) -> list[ApiKey]:
        """Every key ever made, oldest first, the revoked and expired too."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT key_id, name, scopes, created, expires, revoked FROM keys ORDER BY created, key_id"
            ).fetchall()
        return [_key(row) for row in rows]

    def revoke_key(self, key_id: str) -> bool:
        """End a key at once. False when there is no living key of this id."""
        with self._database.writing() as connection:
            statement = "UPDATE keys SET revoked = ? WHERE key_id = ? AND revoked IS NULL"
            return connection.execute(statement, (time.time(), key_id)).rowcount > 0

    def check_key(self, token: str) -> ApiKey | None:
        """The living key of this token; None when it is unknown, wrong, expired or revoked.

        Compared in constant time, and an unknown id costs the same hash as a known one.
        """
        prefix, _, rest = token.partition("_")
        key_id, _, secret = rest.partition("_")
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT salt, digest, key_id, name, scopes, created, expires, revoked FROM keys "
                "WHERE key_id = ?",
                (key_id,),
            ).fetchone()
        salt, digest = (row[0], row[1]) if row else (bytes(16), bytes(32))
        same = hmac.compare_digest(_digest(salt, secret), digest)
        if not (row and same and prefix == _PREFIX):
            return None
        key = _key(row[2:])
        return key if key.alive(time.time()) else None
