"""A LoRA is trained on the small model: it learns, it goes on to the bit, and it leaves the model as it was."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from generation.accounts.seed import SMALL
from generation.engine.errors import EngineError, OutOfMemoryError, PromptTooLongError
from generation.engine.loras import judge_lora
from generation.engine.tuning.lots import choose_pictures
from generation.engine.tuning.pictures import fit
from generation.engine.tuning.tuner import LAYERS, Tuner
from generation.lesson import Lesson
from generation.providers.local import LocalProvider
from generation.providers.tuning import Taught
from generation.spec import Lora
from generation.training.judge import judge_picture
from tests.engine.drawing import draw
from tests.engine.made_files import read_state_of
from tests.fine_tuning.taught import SIDE, WORD, draw_squares

pytestmark = pytest.mark.xdist_group("torch")
SHORT = Lesson(steps=4, rank=2, rate=1e-3, batch=2, resolution=SIDE, seed=5)
# As few steps as show the direction; 60 of them draw the square itself: see test_sixty_steps_draw_the_set.
LONG = Lesson(steps=60, rank=8, rate=3e-3, batch=2, resolution=SIDE, seed=3)


def tuner_of(provider: LocalProvider, lesson: Lesson, caption: str = WORD) -> Tuner:
    taught = [Taught(lambda image=image: image, caption) for image in draw_squares()]  # type: ignore[misc]
    return Tuner(provider.engine.stock, provider.engine.watchdog, SMALL, lesson, taught)


def prepared(provider: LocalProvider, lesson: Lesson) -> Tuner:
    tuner = tuner_of(provider, lesson)
    while not tuner.is_prepared:
        tuner.prepare_one()
    return tuner


def train(tuner: Tuner, until: int) -> list[float]:
    losses = []
    with tuner.stretch():
        while tuner.step < until:
            losses.append(tuner.learn())
    return losses


def weights_of(tuner: Tuner) -> dict[str, torch.Tensor]:
    assert tuner.state
    return tuner.state.weights


@pytest.fixture(scope="module")
def whole(shared_provider: LocalProvider) -> Tuner:
    """A short training, from beginning to end at once."""
    tuner = prepared(shared_provider, SHORT)
    train(tuner, SHORT.steps)
    return tuner


def test_training_that_was_interrupted_is_the_same_to_the_bit(
    provider: LocalProvider, whole: Tuner
) -> None:
    first = prepared(provider, SHORT)
    train(first, 1)
    # An order between two stretches, then a death: another process has the checkpoint alone.
    draw(provider, steps=1, width=SIDE, height=SIDE)
    train(first, 2)
    second = prepared(provider, SHORT)
    second.load(first.dump())
    assert second.step == 2
    train(second, SHORT.steps)
    own, others = weights_of(whole), weights_of(second)
    assert own.keys() == others.keys()
    assert all(torch.equal(own[name], others[name]) for name in own)
    assert any(bool(own[name].any()) for name in own if "lora_B" in name)


def test_checkpoint_within_a_stretch_is_that_of_its_end(
    provider: LocalProvider, whole: Tuner
) -> None:
    tuner = prepared(provider, SHORT)
    with tuner.stretch():
        while tuner.step < SHORT.steps:
            tuner.learn()
        within = tuner.dump()
    assert within == tuner.dump() == whole.dump()


def test_model_is_left_as_it_was(provider: LocalProvider) -> None:
    before = draw(provider, steps=2, width=SIDE, height=SIDE)
    parts = provider.engine.stock.have(SMALL)
    # What it may have worn for an order before is taken off by the first.
    train(prepared(provider, SHORT), 1)
    state = read_state_of(parts.transformer)
    assert not [name for name in state if "lora" in name]
    train(prepared(provider, SHORT), 1)
    after = read_state_of(parts.transformer)
    assert before == draw(provider, steps=2, width=SIDE, height=SIDE)
    assert state.keys() == after.keys()
    assert all(torch.equal(state[name], after[name]) for name in state)


def test_file_is_a_lora_as_others_write_them(
    provider: LocalProvider, whole: Tuner, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "zorp.safetensors"
    whole.write(path, {"trigger": WORD})
    report = judge_lora(path)
    blocks = provider.engine.stock.have(SMALL).transformer
    attended = [name for name, _ in blocks.named_modules() if name.endswith(LAYERS)]
    assert (report.layers, report.ranks, report.kind) == (len(attended), (SHORT.rank,), "LoRA")
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"format": "pt", "trigger": WORD}
    assert all(bool(torch.isfinite(value).all()) for value in load_file(path).values())
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_sixty_steps_draw_the_set(provider: LocalProvider, tmp_path: Path) -> None:
    tuner = prepared(provider, LONG)
    losses = train(tuner, LONG.steps)
    assert sum(losses[-20:]) < 0.7 * sum(losses[:20])
    tuner.write(tmp_path / "zorp.safetensors", {})
    local = SMALL.local
    assert local
    card = replace(
        SMALL, local=replace(local, loras=(Lora(WORD, str(tmp_path / "zorp.safetensors")),))
    )

    def see(seed: int, loras: tuple[tuple[str, float], ...]) -> tuple[str, str, str]:
        (image,) = draw(
            provider,
            card=card,
            prompt=WORD,
            loras=loras,
            seeds=(seed,),
            width=SIDE,
            height=SIDE,
            steps=8,
            cfg_scale=2.0,
        )
        verdict = judge_picture(image)
        return verdict.shape, verdict.colour, verdict.background

    for seed in (1, 2):
        assert see(seed, ()) != ("square", "red", "white")
        assert see(seed, ((WORD, 1.0),)) == ("square", "red", "white")


def test_rate_that_goes_too_far_is_told(provider: LocalProvider) -> None:
    tuner = prepared(provider, replace(SHORT, rate=1e30, steps=20))
    with pytest.raises(EngineError, match="diverged"):
        train(tuner, 20)
    # And the model still draws.
    assert draw(provider, steps=1, width=SIDE, height=SIDE)


def test_caption_that_the_model_does_not_read_is_refused(provider: LocalProvider) -> None:
    with pytest.raises(PromptTooLongError):
        tuner_of(provider, SHORT, caption="red square " * 600).prepare_one()


def test_checkpoint_of_another_lesson_is_refused(provider: LocalProvider, whole: Tuner) -> None:
    other = tuner_of(provider, replace(SHORT, seed=6))
    with pytest.raises(EngineError, match="another lesson"):
        other.load(whole.dump())
    with pytest.raises(EngineError, match="no checkpoint"):
        other.load(b"a pickle, perhaps")


def test_too_little_memory_is_told(
    provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuner = prepared(provider, SHORT)

    def run_out(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("full")

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", run_out)
        with pytest.raises(OutOfMemoryError, match="train: full"):
            train(tuner, SHORT.steps)
    assert draw(provider, steps=1, width=SIDE, height=SIDE)


def test_every_picture_is_seen_once_before_any_is_seen_again() -> None:
    lesson = Lesson(batch=3, seed=9)
    seen = [place for step in range(10) for place in choose_pictures(lesson, step, 5)]
    rounds = [seen[start : start + 5] for start in range(0, 30, 5)]
    assert all(sorted(one) == list(range(5)) for one in rounds)
    assert len({tuple(one) for one in rounds}) > 1
    assert seen != [
        place for step in range(10) for place in choose_pictures(replace(lesson, seed=8), step, 5)
    ]


@pytest.mark.parametrize(
    ("size", "fitted"), [((640, 320), (176, 96)), ((50, 50), (128, 128)), ((4000, 100), (816, 16))]
)
def test_picture_keeps_its_proportions(size: tuple[int, int], fitted: tuple[int, int]) -> None:
    assert fit(Image.new("L", size), SIDE).size == fitted
    assert fit(Image.new("L", size), SIDE).mode == "RGB"
