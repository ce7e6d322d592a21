"""Orders for the engine's tests: the small model at its smallest."""

from dataclasses import replace
from typing import Any

from PIL import Image

from generation.accounts.seed import SMALL
from generation.engine.pictures import Picture
from generation.providers.base import Finished, Work
from generation.providers.local import LocalProvider
from generation.spec import GenerationSpec, LocalModel, ModelCard
from generation.work.rerun import pixels_of

PROMPT = "a yellow star on a purple background"
# One caption length each: 32 tokens.
PROMPTS = (
    PROMPT,
    "a red circle on a white background",
    "红色的圆形,白色背景",
    "a blue square on black",
    "green triangle, yellow background",
    "紫色的星星,橙色背景",
    "an orange circle on blue",
    "a white star on a green background",
)


def ignore(done: float, preview: Any = None) -> None:
    """Take a report and do nothing."""


def lying(card: ModelCard, **place: Any) -> ModelCard:
    """Return a card whose files lie elsewhere."""
    return replace(card, local=replace(card.local or LocalModel(), **place))


def spec(**words: object) -> GenerationSpec:
    values: dict[str, Any] = {
        "media_type": "image",
        "model": SMALL.alias,
        "prompt": PROMPT,
        "negative_prompt": "",
        "width": 128,
        "height": 128,
        "steps": 2,
        "cfg_scale": 2.0,
        "seeds": (7,),
    }
    values |= words
    return GenerationSpec(**values, number=len(values["seeds"]))


def work(card: ModelCard = SMALL, report: Any = ignore, **words: Any) -> Work:
    pictures = {name: words.pop(name) for name in ("source", "mask_picture") if name in words}
    return Work(
        spec(**words),
        card,
        report,
        image=pictures.get("source"),
        mask=pictures.get("mask_picture"),
    )


def picture(seed: int = 7, card: ModelCard = SMALL, report: Any = ignore, **words: Any) -> Picture:
    return Picture(spec(**words), card, seed, report)


def draw(provider: LocalProvider, **words: Any) -> list[Image.Image]:
    return decode(provider.submit(work(**words)))


def decode(finished: Finished) -> list[Image.Image]:
    return [pixels_of(made) for made in finished.made]
