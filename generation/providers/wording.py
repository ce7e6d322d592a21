"""An order in a vendor's words: names differ, sizes are ratios, what it has no word for is refused by name."""

from collections.abc import Mapping
from typing import Any

from generation.providers.base import Work
from generation.providers.errors import Unsupported
from generation.spec import GenerationSpec

# How far a size may be from a ratio to be meant by it: 1344x768 is called 16:9.
LARGEST_DEVIATION = 0.03


def options_of(spec: GenerationSpec) -> dict[str, Any]:
    """Return what an order says of the options that not every vendor takes, and of those that one alone has, without
    its pictures."""
    said = {
        "negative_prompt": spec.negative_prompt or None,
        "steps": spec.steps,
        "cfg_scale": spec.cfg_scale,
        "seed": spec.seeds[0] if spec.seeds else None,
    }
    return {name: value for name, value in said.items() if value is not None} | dict(spec.options)


def translate(said: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """Return options in a vendor's words; raise Unsupported, naming the first that it has none for."""
    for name in said:
        if name not in words:
            raise Unsupported(f"{name}: the vendor takes none for this model")
    return {words[name]: value for name, value in said.items()}


def refuse_words(work: Work, takes: frozenset[str]) -> None:
    """Raise Unsupported for the first word of an order that is not among those taken: nothing is dropped in silence."""
    pictures = {"image": work.image, "mask": work.mask}
    said = [*options_of(work.spec), *(name for name, picture in pictures.items() if picture)]
    for name in said:
        if name not in takes:
            raise Unsupported(f"{name}: the vendor takes none for this model")


def ratio_of(spec: GenerationSpec, ratios: tuple[str, ...]) -> str:
    """Return the one of a vendor's ratios (`16:9`) that a size means; raise Unsupported when it is none of them."""

    def deviation(ratio: str) -> float:
        width, _, height = ratio.partition(":")
        return abs(spec.width * float(height) / (spec.height * float(width)) - 1)

    nearest = min(ratios, key=deviation)
    if deviation(nearest) > LARGEST_DEVIATION:
        raise Unsupported(f"size: {spec.width}x{spec.height} is none of {', '.join(ratios)}")
    return nearest
