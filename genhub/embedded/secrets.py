"""Secrets of one home: made once, read by its owner alone, never defaulted in code."""

import json
import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# A file each, made whole: what a release adds comes in a file of its own.
FILES = {
    "secrets.json": {"secret_key": 48, "admin_password": 12, "flower_password": 12},
    "encryption.json": {"encryption_key": 32},
}


def ensure_secrets(home: Path) -> dict[str, str]:
    """Return the home's secrets, making the home (0700) and the files (0600) on first use."""
    found: dict[str, str] = {}
    path = home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, lengths in FILES.items():
            path = home / name
            if not path.exists():
                _make(home, path, lengths)
            found |= json.loads(path.read_text())
    except OSError as error:
        raise ImproperlyConfigured(
            f"{error.filename or home}: {error.strerror}; "
            "set GENHUB_HOME to a folder that this user can write, on a disk with free space"
        ) from error
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{path} is damaged ({error}): restore it, or delete it to make new secrets"
        ) from error
    return found


def are_told(home: Path) -> bool:
    """Return whether the passwords were shown once: terminals and journals are read by others, too."""
    return _told(home).exists()


def note_told(home: Path) -> None:
    """Note that the passwords have been shown."""
    _told(home).touch(mode=0o600)


def _told(home: Path) -> Path:
    return home / "passwords.told"


def _make(home: Path, path: Path, lengths: dict[str, int]) -> None:
    """Write the file whole, then link it: of two processes that meet here, the first wins."""
    made = {name: secrets.token_urlsafe(length) for name, length in lengths.items()}
    fd, draft = tempfile.mkstemp(prefix=".secrets.", dir=home)
    try:
        with os.fdopen(fd, "w") as file:
            json.dump(made, file)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
