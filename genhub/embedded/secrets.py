"""Secrets of one home: made once, kept in a file that only its owner reads, never defaulted in code."""

import json
import os
import secrets
from pathlib import Path

NAMES = ("secret_key", "admin_password", "flower_password")


def ensure_secrets(home: Path) -> dict[str, str]:
    """Return the home's secrets, making the home (0700) and the file (0600) on first use.

    Two processes may meet here on a first start: the first link wins and both read the same file.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = home / "secrets.json"
    if not path.exists():
        draft = home / f".secrets.{os.getpid()}.json"
        made = {name: secrets.token_urlsafe(48 if name == "secret_key" else 12) for name in NAMES}
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    found: dict[str, str] = json.loads(path.read_text())
    return found
