"""What can be done to a shop, beside asking it?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from time import time
from typing import Any

from engine import build, operate
from engine.build import Progress, silent
from engine.doctor import diagnose
from engine.errors import BadQuery
from engine.evaluate import offline
from engine.evaluate.tune import seconds_of, write_tuned
from engine.ingest.report import forget_rejects
from engine.settings import FILE, Settings
from engine.store import Store


class Operations:
    """The half of the Engine that runs a shop: files in, rebuilds, generations, evaluation, keys, privacy."""

    home: Path
    settings: Settings
    store: Store

    def init(self) -> dict[str, Any]:
        """Write a commented ronghe.toml, unless one is there."""
        return operate.init(self.home)

    @staticmethod
    def doctor(home: str | Path) -> dict[str, Any]:
        """Whether this machine and a home are fit, and what to do if not; changes nothing."""
        return diagnose(Path(home))

    def ingest(
        self,
        kind: str,
        files: Sequence[Path],
        *,
        mapping: Mapping[str, str] | None = None,
        strict: bool = False,
        progress: Progress = silent,
    ) -> dict[str, Any]:
        """Take in files of "items", "events" or "series"; raises BadFile, or RejectedRows when `strict`."""
        return operate.ingest(self.home, self.store, kind, files, mapping or {}, strict, progress)

    def rebuild(self, *, force: bool = False, progress: Progress = silent) -> dict[str, Any]:
        """Build a new generation beside the old one, check it and publish it atomically.

        Raises RefusedGeneration when it answers worse than `rebuild.drop` allows, unless `force`.
        """
        return build.rebuild(self.home, self.store, self.settings, progress, force=force)

    def generations(self) -> list[dict[str, Any]]:
        """Every published generation, oldest first."""
        return operate.generations_of(self.home)

    def activate(self, number: int) -> dict[str, Any]:
        """Serve another generation; running servers move to it at their next request."""
        return operate.activate(self.home, number)

    def prune(self, keep: int | None = None) -> dict[str, Any]:
        """Remove all but the newest generations, and what failed rebuilds left."""
        return operate.prune(self.home, self.settings.rebuild.keep if keep is None else keep)

    def evaluate(
        self,
        *,
        report: Path | None = None,
        days: float = 28.0,
        requests: int = 1000,
        split: str = "time",
        tune: str = "",
        keep: bool = False,
        progress: Progress = silent,
    ) -> dict[str, Any]:
        """Every single model and every fusion, side by side, judged by what people did in the last `days`.

        `split` "last" holds back everybody's last purchase instead, "folds" each fifth of the purchases in turn.
        `tune`, a budget such as "20m", first looks for better settings of the learners on the windows before those
        days; with `keep` what was found better is written to ronghe.toml, for the next rebuild.

        With `report`, an HTML page with tables and plots and the JSON behind it are written to that folder.
        """
        cut = offline.Cut(days=days, requests=requests, split=split)
        settings, tuning = self.settings, None
        if keep and not tune:
            raise BadQuery("There is nothing to keep without a tuning: give --tune a budget such as 20m.")
        if tune:
            tuning = offline.tuning(self.store, settings, cut, seconds_of(tune), progress)
            settings = offline.with_tuned(settings, tuning)
        results = offline.evaluate(self.home, self.store, settings, cut, progress)
        document = offline.summary(results)
        if tuning is not None:
            document["tuning"] = tuning.to_dict()
        if report is not None:
            told = json.dumps(settings.learn.tuned, sort_keys=True)
            document["report"] = str(offline.report(results, self.store, report, cut, tune, told))
        if keep:
            write_tuned(self.home / FILE, settings.learn.tuned)
            document["kept"] = str(self.home / FILE)
        return document

    def keys(self) -> list[dict[str, Any]]:
        """Every API key, without its secret."""
        return [asdict(key) for key in self.store.keys()]  # noqa: SIM118 - not a dict

    def create_key(
        self, scopes: Sequence[str], *, name: str = "", days: float | None = None
    ) -> dict[str, Any]:
        """A new key: `token` is its secret, shown this once and kept only as a hash. Raises BadQuery."""
        expires = None if days is None else time() + days * 86_400
        token, key = self.store.create_key(set(scopes), name=name, expires=expires)
        return {"token": token, **asdict(key)}

    def revoke_key(self, key_id: str) -> dict[str, Any]:
        """End a key, at once."""
        if not self.store.revoke_key(key_id):
            raise BadQuery(f"There is no key {key_id!r} to revoke; `ronghe keys list` names them.")
        return {"key_id": key_id, "revoked": True}

    def export(self, user: str) -> list[dict[str, Any]]:
        """Everything that is known of one user."""
        return operate.exported(self.store, user)

    def forget(self, user: str) -> dict[str, Any]:
        """Erase one user's events and refused rows; what was learned from them goes with the next rebuild."""
        rejects = forget_rejects(self.home / "rejects.jsonl", user)
        return {"user": user, "erased": self.store.forget_user(user), "rejects": rejects}
