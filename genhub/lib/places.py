"""How a model's place is written: the whole path of a folder, or a hub id with its pinned revision."""

import re
from pathlib import PurePosixPath, PureWindowsPath

HUB_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$"
# Empty, or the whole hash of a commit: a branch or tag may say something else tomorrow.
REVISION = r"^([0-9a-f]{40})?$"


def is_hub_id(place: str) -> bool:
    """Return whether a place is a hub id, by its shape."""
    return re.fullmatch(HUB_ID, place) is not None


def is_revision(text: str) -> bool:
    """Return whether a text pins a hub id: 40 hexadecimal digits."""
    return bool(text) and re.fullmatch(REVISION, text) is not None


def is_whole_path(place: str) -> bool:
    """Return whether a place is a path from the root on; workers may run on another system than this one."""
    return PurePosixPath(place).is_absolute() or PureWindowsPath(place).is_absolute()
