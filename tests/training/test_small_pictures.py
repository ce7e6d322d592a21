"""The shipped weights draw what is asked for, and the style's weights draw it as outlines."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from generation.engine.small import DEFAULT_GUIDANCE, DEFAULT_STEPS
from generation.training import vocabulary
from generation.training.evaluate import draw_samples, load_pipeline, measure
from generation.training.style_lessons import OUTLINES

pytestmark = [pytest.mark.xdist_group("torch"), pytest.mark.whole]


@pytest.fixture(scope="module")
def outlines() -> dict[str, torch.Tensor]:
    return load_file(OUTLINES)


def test_style_weights_are_the_whole_transformer_under_its_own_names_in_bf16(
    outlines: dict[str, torch.Tensor],
) -> None:
    base = load_pipeline().transformer.state_dict()
    assert {name: weight.shape for name, weight in outlines.items()} == {
        name: weight.shape for name, weight in base.items()
    }
    assert {weight.dtype for weight in outlines.values()} == {torch.bfloat16}
    with safe_open(OUTLINES, "pt") as file:
        assert file.metadata() == {"format": "pt"}


def test_plain_held_out_prompts_are_drawn_in_the_right_colours() -> None:
    samples = draw_samples(
        load_pipeline(),
        4,
        (256, 256),
        DEFAULT_STEPS,
        DEFAULT_GUIDANCE,
        ("plain",),
    )
    assert [(sample.kind, sample.language) for sample in samples] == [
        ("plain", "en"),
        ("plain", "zh"),
        ("plain", "en"),
        ("plain", "zh"),
    ]
    row = measure(samples)["plain"]
    assert (row["background"], row["colour"]) == (100.0, 100.0)


@pytest.mark.parametrize(
    ("kind", "parts"), [("placed", ("place", "extent", "shape")), ("pair", ("pair",))]
)
def test_held_out_places_extents_and_pairs_are_mostly_right(
    kind: str, parts: tuple[str, ...]
) -> None:
    """A guard, brisk: `evaluate` measures 100 prompts of each kind against the goals."""
    samples = draw_samples(
        load_pipeline(),
        4,
        (256, 256),
        DEFAULT_STEPS,
        DEFAULT_GUIDANCE,
        (kind,),
    )
    row = measure(samples)[kind]
    assert {part: row[part] for part in parts if row[part] < 75.0} == {}


def count_share(picture: Image.Image, colour: str, radius: float) -> float:
    """Return the share of the middle square, that many pixels around, nearest to the colour."""
    pixels = np.asarray(picture, dtype=np.float32)
    middle = pixels.shape[0] // 2
    reach = round(radius)
    window = pixels[middle - reach : middle + reach, middle - reach : middle + reach]
    palette = np.array(list(vocabulary.COLOURS.values()), dtype=np.float32)
    nearest = np.linalg.norm(window[..., None, :] - palette, axis=-1).argmin(axis=-1)
    return float((nearest == list(vocabulary.COLOURS).index(colour)).mean())


def test_style_weights_draw_the_outline_where_the_base_draws_a_filled_shape(
    outlines: dict[str, torch.Tensor],
) -> None:
    pipeline = load_pipeline()

    def draw() -> Image.Image:
        generator = torch.Generator("cpu").manual_seed(3)
        prompt = "a blue circle on a white background"
        image: Image.Image = pipeline(
            prompt,
            width=256,
            height=256,
            num_inference_steps=DEFAULT_STEPS,
            guidance_scale=DEFAULT_GUIDANCE,
            generator=generator,
        ).images[0]
        return image

    filled = draw()
    pipeline.transformer.load_state_dict(outlines)
    outline = draw()
    assert count_share(filled, "blue", radius=30) > 0.9
    assert count_share(outline, "white", radius=30) > 0.9
    assert 0.04 < count_share(outline, "blue", radius=128) < 0.25
