"""Which choices does the HTTP face have?"""

from __future__ import annotations

import ipaddress
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from engine.settings import Settings


@dataclass(frozen=True)
class WebOptions:
    """What `ronghe.toml` says of serving. Rates in words ("600 per minute"; empty for none), sizes in bytes.

    `page_key` is the public key (scopes search and events) that the shop's own pages use where keys are
    required: made anew at each start, or set by RONGHE_PAGE_KEY where several hosts serve one shop.
    """

    home: Path = Path("data")
    name: str = "Ronghe"
    require_keys: bool = False
    page_key: str = ""
    cors_origins: tuple[str, ...] = ()
    rate_by_address: str = ""
    rate_by_key: str = ""
    max_body: int = 8_000_000
    max_k: int = 1000
    access_log: bool = False

    @property
    def images(self) -> Path:
        return self.home / "images"

    @classmethod
    def of(cls, settings: Settings, home: Path, host: str) -> Self:
        """The choices of a home, bound to `host`: keys are required there unless it is loopback."""
        serve = settings.serve
        keyed = serve.keys == "always" or (serve.keys == "auto" and not is_loopback(host))
        return cls(
            home=home,
            require_keys=keyed,
            page_key=os.environ.get("RONGHE_PAGE_KEY") or secrets.token_urlsafe(24) if keyed else "",
            cors_origins=serve.cors,
            rate_by_address=serve.search_rate if keyed else "",
            max_body=int(serve.max_body_mb * 1_000_000),
            max_k=serve.max_k,
            access_log=True,
        )


def is_loopback(host: str) -> bool:
    if host in ("", "localhost"):
        return host == "localhost"
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
