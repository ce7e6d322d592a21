"""What a template does with each picture of its orders: once it is made, and before it is labelled and stored.

Imports nothing of the hub but its neighbours: processes of their own finish pictures, too.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from PIL import Image

from storage.edits.drawing import apply_all, bound_seconds
from storage.edits.geometry import measure_all
from storage.edits.lettering import FontFile
from storage.edits.operations import Operations

Said = Sequence[Mapping[str, Any]]


def finish_picture(image: Image.Image, said: Said, fonts: Mapping[str, FontFile]) -> Image.Image:
    """Return a picture, RGB or RGBA, after operations; raise EditRefused for one that cannot be done."""
    return apply_all(msgspec.convert(said, Operations), image, fonts, {})


def finish_bounded(image: Image.Image, said: Said, fonts: Mapping[str, FontFile]) -> Image.Image:
    """Do the same in a process of its own, in as many seconds as that may take."""
    bound_seconds(measure_all(msgspec.convert(said, Operations), image.size))
    return finish_picture(image, said, fonts)
