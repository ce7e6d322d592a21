"""As whom PostgreSQL runs: it refuses uid 0, and nothing of the machine may be changed for it."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from genhub.embedded.errors import HubError

# A user namespace in which root is called 1000: files stay root's own, and no folder has to be
# opened to others.
NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
NOBODY = 65534
SETPRIV = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
OUTSIDE = Path("/var/lib")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What to put before PostgreSQL's commands, and where its files lie for that user."""

    prefix: tuple[str, ...]
    is_leashed: bool
    data: Path
    sockets: Path
    binaries: Path


def choose_identity(home: Path, sockets: Path, binaries: Path) -> Identity:
    """Return how PostgreSQL runs here: as this user, in a user namespace, or as nobody."""
    plain = Identity(
        prefix=(), is_leashed=True, data=home / "pg", sockets=sockets, binaries=binaries
    )
    if os.geteuid() != 0:
        return plain
    if _works(*NAMESPACE, sys.executable, "-c", ""):
        return Identity(
            prefix=NAMESPACE, is_leashed=True, data=plain.data, sockets=sockets, binaries=binaries
        )
    if _works(*SETPRIV, "--pdeathsig=INT", "true"):
        return move_outside(plain)
    raise HubError(
        "PostgreSQL refuses to run as root, and neither unshare nor setpriv works here: "
        "start the hub as another user, or set DATABASE_URL to a PostgreSQL server"
    )


def move_outside(plain: Identity) -> Identity:
    """Return an identity of nobody, with its files where nobody can reach them.

    Links in the home point there.
    """
    home = plain.data.parent
    outside = OUTSIDE / f"genhub-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
    if plain.data.exists() and not plain.data.is_symlink():
        raise HubError(
            f"{plain.data} was made under another user: start the hub the way it was made, "
            "set GENHUB_HOME to another folder, or set DATABASE_URL to a PostgreSQL server"
        )
    outside.mkdir(mode=0o711, exist_ok=True)
    for name in ("data", "run"):
        folder = outside / name
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, NOBODY, NOBODY)
    binaries = plain.binaries
    if not _works(*SETPRIV, str(binaries / "postgres"), "--version"):
        shutil.copytree(binaries.parent, outside / "pginstall", dirs_exist_ok=True, symlinks=True)
        binaries = outside / "pginstall" / binaries.name
    _link(plain.data, outside / "data" / "pg")
    # Clients keep looking in the run folder; connecting follows the link.
    _link(plain.sockets / ".s.PGSQL.5432", outside / "run" / ".s.PGSQL.5432")
    return Identity(
        prefix=(*SETPRIV, "--pdeathsig=INT"),
        is_leashed=False,
        data=outside / "data" / "pg",
        sockets=outside / "run",
        binaries=binaries,
    )


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _works(*command: str) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    except OSError:
        return False
    return done.returncode == 0
