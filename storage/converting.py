"""A vendor's picture in the format that its order named, or with words that people see on it: pixels anew.

Also a program, run as `relabelling` is and with the same limits.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from json import dumps, loads
from typing import Any, Final, Self

from PIL import Image

from storage.bounded import MOST_MEMORY_BYTES, answer_bounded, bound_seconds
from storage.containers import RefusedPicture, open_container
from storage.decoding import LARGEST_SIDE_PIXELS, flatten, measure, open_image, show
from storage.edits.finishing import finish_bounded
from storage.edits.geometry import EditRefused
from storage.edits.lettering import FontFile
from storage.encoding import encode_as
from storage.labels import Label
from storage.relabelling import describe_facts
from storage.unpacking import unpack
from storage.visible import draw_mark

# In which a picture may be transparent.
WITH_ALPHA: Final = frozenset({"png", "webp", "avif"})


@dataclass(frozen=True)
class Wish:
    """How a picture is encoded: what is done with it first, by these fonts, format and quality, words on it (language
    and corner, empty: none), and its label."""

    form: str
    quality: int | None
    language: str
    corner: str
    xmp: str
    parameters: str
    operations: list[Mapping[str, Any]]
    fonts: dict[str, FontFile]

    def to_text(self) -> str:
        """Return the wish as a program's argument."""
        return dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return what `to_text` wrote."""
        return cls(**loads(text))


def main(most_memory_bytes: int = MOST_MEMORY_BYTES) -> None:
    """Write the file to the descriptor that the program was told, as it was told; answer its facts, or `refused
    CODE`."""
    answer_bounded(answer_converted, most_memory_bytes, niceness=0)


def answer_converted(data: bytes) -> bytes:
    """Return the facts of the new file, and pixels for its thumbnail."""
    wish = Wish.from_text(sys.argv[2])
    container = open_container(data)
    bound_seconds(*measure(container))
    container = unpack(container)
    shown = show(container, open_image(container), LARGEST_SIDE_PIXELS, on_white=False)
    image = seen(shown, wish)
    label = Label(wish.xmp.encode(), wish.parameters)
    with os.fdopen(int(sys.argv[1]), "wb") as place:
        place.write(encode_as(image, label, wish.form, wish.quality).data)
    return describe_facts(wish.form.upper(), flatten(image), data, container)


def seen(image: Image.Image, wish: Wish) -> Image.Image:
    """Return the pixels that are encoded: after what is done with them, with alpha where there is any and the format
    has it, and with the words."""
    if wish.operations:
        try:
            image = image.convert("RGBA" if "A" in image.getbands() else "RGB")
            image = finish_bounded(image, wish.operations, wish.fonts)
        except EditRefused as refused:
            raise RefusedPicture("edit_refused") from refused
    has_alpha = "A" in image.getbands() and wish.form in WITH_ALPHA
    image = image.convert("RGBA") if has_alpha else flatten(image).convert("RGB")
    return draw_mark(image, wish.language, wish.corner) if wish.corner else image


if __name__ == "__main__":
    main()
