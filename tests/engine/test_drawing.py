"""One batch from its prompts to its latents: what is done once, what is watched, and how members end."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from generation.engine import drawing as drawing_module
from generation.engine import stock as stock_module
from generation.engine.drawing import check_finite
from generation.engine.engine import Engine
from generation.engine.memory import Mode, Visitor
from generation.engine.options import Options
from generation.engine.pictures import Drawn
from generation.providers.base import Finished
from generation.providers.errors import ProviderError, Stopped
from generation.providers.local import LocalProvider
from tests.engine.drawing import PROMPTS, draw, picture, work

pytestmark = pytest.mark.xdist_group("torch")


@pytest.fixture
def loaded(provider: LocalProvider) -> Any:
    return provider.engine.stock.parts


def test_a_canceled_picture_frees_what_its_pipeline_holds(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    freed: list[int] = []
    kind = type(loaded.from_noise)
    free: Callable[[Any], None] = kind.maybe_free_model_hooks

    def note(pipeline: Any) -> None:
        freed.append(id(pipeline))
        free(pipeline)

    monkeypatch.setattr(kind, "maybe_free_model_hooks", note)

    def cancel(done: float, preview: Any = None) -> None:
        raise Stopped

    (outcome,) = provider.submit_batch([work(report=cancel)])
    assert isinstance(outcome, Stopped)
    assert id(loaded.from_noise) in freed


def test_what_overflows_is_no_black_picture(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = loaded.transformer.forward

    def overflowing(*args: Any, **words: Any) -> Any:
        (samples,) = forward(*args, **words)
        return ([sample * float("nan") for sample in samples],)

    monkeypatch.setattr(loaded.transformer, "forward", overflowing)
    with pytest.raises(ProviderError, match="not finite"):
        provider.submit(work())


def test_a_batch_that_breaks_is_drawn_one_by_one(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward, sizes = loaded.transformer.forward, []

    def singles_only(x: list[Any], *args: Any, **words: Any) -> Any:
        sizes.append(len(x))
        if len(x) > 2:
            raise RuntimeError("a kernel for one")
        return forward(x, *args, **words)

    monkeypatch.setattr(loaded.transformer, "forward", singles_only)
    outcomes = provider.submit_batch([work(), work(prompt=PROMPTS[1])])
    assert all(isinstance(outcome, Finished) for outcome in outcomes)
    assert sizes == [4, 2, 2, 2, 2]


def test_encoders_are_asked_once_for_each_prompt(
    loaded: Any, provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode: Callable[..., Any] = loaded.encoding.encode_prompt
    asked: list[str] = []

    def noting(*, prompt: list[str], **words: Any) -> Any:
        asked.extend(prompt)
        return encode(prompt=prompt, **words)

    monkeypatch.setattr(loaded.encoding, "encode_prompt", noting)
    fresh = "a black circle on a white wall"
    for _ in range(2):
        provider.submit(work(prompt=fresh, seeds=(1, 2, 3)))
    provider.submit(work(prompt=fresh, negative_prompt="text"))
    provider.submit(work(prompt=fresh + "!", cfg_scale=0.0, negative_prompt="unused"))
    assert [text for text in asked if text] == [fresh, "text", fresh + "!"]
    assert asked.count("") <= 1


def test_engines_without_room_for_embeddings_draw_the_same(provider: LocalProvider) -> None:
    poor = Engine(Options(threads=1, embedding_bytes=0, pool_bytes=0))
    (outcome,) = poor.draw([picture()])
    assert not isinstance(outcome, Exception)
    assert poor.decode(outcome) == draw(provider)[0]
    # The empty negative prompt alone.
    assert poor.embeddings.held_bytes < 2**14


def test_an_encoder_comes_once_for_all_new_prompts_of_a_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        stock_module, "choose_mode", lambda *_: Mode("resident", "as the test wants")
    )
    visiting, visits = Visitor.visiting, []

    def noting(visitor: Visitor) -> Any:
        visits.append(visitor)
        return visiting(visitor)

    monkeypatch.setattr(Visitor, "visiting", noting)
    engine = Engine(Options(threads=1, largest_batch=8))
    for _ in range(2):
        outcomes = engine.draw([picture(prompt=prompt, steps=1) for prompt in PROMPTS[:3]])
        assert all(isinstance(outcome, Drawn) for outcome in outcomes)
        assert len(visits) == 1


def stages(engine: Engine) -> list[str]:
    return [stage.name for mine in engine.watchdog._stages.values() for stage in mine]


def test_each_members_prompts_are_a_sign_of_life(
    provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[str] = []
    monkeypatch.setattr(
        provider.engine.watchdog, "beat", lambda: beats.extend(stages(provider.engine))
    )
    provider.engine.draw([picture(seed) for seed in range(3)])
    assert beats == ["load", *["encode"] * 3, "step", "step"]


def test_the_wait_for_the_last_step_is_watched_and_counted(
    provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    within: list[str] = []

    def check_slowly(member: Any) -> None:
        within.extend(stages(provider.engine))
        threading.Event().wait(0.5)
        check_finite(member)

    monkeypatch.setattr(drawing_module, "check_finite", check_slowly)
    finished = provider.submit(work(steps=1, cfg_scale=0.0))
    assert within == ["step"]
    assert finished.timings["denoise"] >= 0.5
