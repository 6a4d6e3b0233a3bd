"""What can go wrong, as a fact and its remedy."""

from __future__ import annotations

import errno
from pathlib import Path


class EngineError(Exception):
    """A fact the caller can act on. `status` is the HTTP status, `exit_code` the command's."""

    status = 500
    exit_code = 3


class Unanswerable(EngineError):
    """The data or the answer is not as asked."""

    status = 404
    exit_code = 1


class UnknownItem(Unanswerable):
    """No item has this id."""


class UnknownUser(Unanswerable):
    """No event names this user."""


class UnknownSeries(Unanswerable):
    """No demand series has this name."""


class NoPictures(Unanswerable):
    """No item has a picture that can be searched."""

    status = 409


class RejectedRows(Unanswerable):
    """Rows were rejected and `--strict` asked for none."""

    status = 422


class RefusedGeneration(Unanswerable):
    """The quality gate found a new generation worse than the setting allows."""

    status = 409


class NoGeneration(EngineError):
    """Nothing has been published yet."""

    status = 503
    exit_code = 1


class CorruptGeneration(EngineError):
    """A published folder does not match its manifest."""

    status = 503
    exit_code = 1


class RebuildRunning(EngineError):
    """Another process is rebuilding this home."""

    status = 409
    exit_code = 1


class BadQuery(EngineError):
    """The request cannot be understood."""

    status = 400
    exit_code = 2


class BadPicture(BadQuery):
    """The bytes are no picture."""


class LargePicture(BadPicture):
    """The picture has too many pixels."""

    status = 413


class UnknownPicture(BadPicture):
    """The picture is of a kind that is not taken."""

    status = 415


class BadFile(EngineError):
    """The file cannot be read at all."""

    status = 400
    exit_code = 2


class BadSettings(EngineError):
    """ronghe.toml or an environment variable holds an unknown name or an impossible value."""

    exit_code = 2


class BadHome(EngineError):
    """The home folder cannot be used: missing, read-only or full."""

    status = 503
    exit_code = 2


class Denied(EngineError):
    """No key, a wrong key, or one without the scope."""

    status = 401
    exit_code = 2


def unwritable(home: Path, error: OSError) -> str:
    """Why a home could not be written, and what to do."""
    served = "What is served stays as it was."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {home} is full: free some space, then run `ronghe rebuild` again. {served}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{home} cannot be written ({error.strerror}): allow it, or choose another --home. {served}"
    return f"{home} cannot be written: {error}. {served}"
