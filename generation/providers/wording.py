"""An order in a vendor's words: names differ, sizes are ratios, what it has no word for is refused by name."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image

from generation.providers.base import Work
from generation.providers.errors import Unsupported
from generation.providers.further import treatment_by, treatment_of
from generation.spec import REFERENCES, GenerationSpec

# Seeds of the hub are longer than most vendors take; where nobody says how long, those of 31 bits are taken everywhere.
LARGEST_USUAL_SEED = 2**31 - 1
# How far a size may be from a ratio to be meant by it: 1344x768 is called 16:9.
LARGEST_DEVIATION = 0.03


def options_of(spec: GenerationSpec, largest_seed: int = LARGEST_USUAL_SEED) -> dict[str, Any]:
    """Return what an order says of the options that not every vendor takes, and of those that one alone has; of its
    pictures only that a clip ends with one.

    A seed above the vendor's largest becomes one below, always the same: one seed is one picture, there as here.
    """
    said = {
        "negative_prompt": spec.negative_prompt or None,
        "steps": spec.steps,
        "cfg_scale": spec.cfg_scale,
        "seed": spec.seeds[0] % (largest_seed + 1) if spec.seeds else None,
        "style": spec.style or None,
        "sampler": spec.sampler or None,
        "last_image": spec.last_image or None,
        "audio": spec.audio or None,
    }
    return {name: value for name, value in said.items() if value is not None} | dict(spec.options)


def list_pictures(work: Work) -> list[Image.Image]:
    """Return the pictures of an order for vendors that take them as one list: the one that it starts from first."""
    return [*([work.image] if work.image else []), *work.references]


def said_of_pictures(work: Work) -> dict[str, Any]:
    """Return what an order says of how much of its picture is drawn anew, and its reference pictures: who does not put
    something in their place refuses them by name."""
    said = work.spec.strength
    strength = {} if work.image is None or said is None else {"strength": said}
    return strength | ({REFERENCES: work.references} if work.references else {})


def translate(said: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """Return options in a vendor's words; raise Unsupported, naming the first that it has none for."""
    for name in said:
        if name not in words:
            raise Unsupported(f"{name}: the vendor takes none for this model")
    return {words[name]: value for name, value in said.items()}


def refuse_words(work: Work, takes: frozenset[str]) -> None:
    """Raise Unsupported for the first word of an order that is not among those taken: nothing is dropped in silence."""
    pictures = {"image": work.image, "mask": work.mask}
    said = [name for name, picture in pictures.items() if picture]
    said = [*options_of(work.spec), *said, *said_of_pictures(work)]
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


def size_of(spec: GenerationSpec, how: str, ratios: tuple[str, ...]) -> dict[str, Any]:
    """Return a size as a model is told it: in `pixels`, as a `ratio`, as an `object`, or not at all."""
    pixels = {"width": spec.width, "height": spec.height}
    if how == "ratio":
        return {"aspect_ratio": ratio_of(spec, ratios)}
    if how == "object":
        return {"image_size": pixels}
    return pixels if how == "pixels" else {}


def input_of(
    work: Work, usual: Mapping[str, str], picture: Callable[[Image.Image], str]
) -> dict[str, Any]:
    """Return an order as the input of a model whose words nobody knows but who offers it.

    Options of the offer: `input` (constants), and `words` (ours by the model's; those that are usual need not be said,
    an empty one is not taken; reference pictures go as a list, the input picture before them where both have one word).
    `picture` returns how a picture is handed over.
    """
    said = work.card.options
    words = {name: word for name, word in {**usual, **said.get("words", {})}.items() if word}
    values: dict[str, Any] = {"prompt": work.spec.prompt, **options_of(work.spec)}
    for name, image in (("image", work.image), ("mask", work.mask)):
        if image is not None:
            if name not in words:
                raise Unsupported(f"{name}: the vendor takes none for this model")
            values[name] = picture(image)
    values |= said_of_pictures(work)
    if (pictures := list_pictures(work)) and words.get(REFERENCES, "") == words.get("image"):
        values["image"] = list(map(picture, pictures))
        values.pop(REFERENCES, None)
    elif work.references:
        values[REFERENCES] = list(map(picture, work.references))
    return {**said.get("input", {}), **translate(values, words)}


def treated_of(work: Work) -> Image.Image | None:
    """Return the finished picture that an order is about, None of one that draws; raise Unsupported for what a model
    does not do."""
    asked, done = treatment_of(work.spec), treatment_by(work.card)
    if asked != done:
        raise Unsupported(f"action: the model does “{done or 'nothing'}” to pictures")
    if asked and work.image is None:
        raise Unsupported("image: there is nothing to treat")
    return work.image if asked else None


def treated_input_of(
    work: Work, image: Image.Image, usual: Mapping[str, str], picture: Callable[[Image.Image], str]
) -> dict[str, Any]:
    """Return a finished picture as the input of a model that does something to it: the constants of the offer, and
    where its `words` say, else at the usual place, the picture."""
    said = work.card.options
    words = {**usual, **said.get("words", {})}
    return {**said.get("input", {}), words["image"]: picture(image)}


def as_form(words: Mapping[str, Any]) -> dict[str, str]:
    """Return words as fields of a form, where what is true is written as in JSON."""
    return {
        name: text if isinstance(text, str) else json.dumps(text) for name, text in words.items()
    }
