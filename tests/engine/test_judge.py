"""The judge of the small model is right about pictures whose truth is known, and can say that it sees nothing."""

import random

import pytest
from PIL import Image

from generation.engine.small import draw, words
from generation.engine.small.judge import NONE, judge_picture


@pytest.mark.parametrize("size", words.SIZES)
def test_judge_is_right_about_every_scene_that_was_drawn(size: tuple[int, int]) -> None:
    rng = random.Random(1)
    wrong = []
    for scene in words.SCENES:
        verdict = judge_picture(draw.draw_scene(scene, size, draw.random_place(rng)))
        if (verdict.shape, verdict.colour, verdict.background) != (
            scene.shape,
            scene.colour,
            scene.background,
        ):
            wrong.append((scene, verdict))
    assert wrong == []


def test_judge_sees_no_shape_in_a_flat_picture_or_in_noise() -> None:
    assert judge_picture(Image.new("RGB", (256, 256), words.COLOURS["red"])).shape == NONE
    noise = Image.frombytes("RGB", (64, 64), random.Random(2).randbytes(64 * 64 * 3))
    assert judge_picture(noise.resize((256, 256))).shape == NONE


def test_held_out_prompts_were_never_trained_on() -> None:
    trained = set(words.TRAINED)
    prompts = words.held_out_prompts(100)
    assert sum(language == "zh" for _, language, _ in prompts) == 50
    assert not [scene for _, _, scene in prompts if scene in trained]
