"""Memory that ends, at each stage: simulated, since there is no card here."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from PIL import Image

from generation.accounts.seed import SMALL
from generation.engine import stock as stock_module
from generation.engine.engine import Engine
from generation.engine.errors import OutOfMemoryError
from generation.engine.loading import LatentDecoder
from generation.engine.memory import Mode
from generation.engine.options import Options
from generation.engine.pictures import Drawn
from generation.providers.base import Finished
from generation.providers.errors import ProviderError
from generation.providers.local import LocalProvider
from generation.work.rerun import psnr_db
from tests.engine.drawing import PROMPTS, decode, draw, picture, work
from tests.patience import patience
from tests.strikes import struck

pytestmark = [pytest.mark.xdist_group("torch"), pytest.mark.whole]


@pytest.fixture
def loaded(provider: LocalProvider) -> Any:
    return provider.engine.stock.parts


def full(*_: object, **__: object) -> None:
    raise torch.OutOfMemoryError("CUDA out of memory")


def note_tightening(provider: LocalProvider, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have the next tighter mode make room; returns for how many pixels it was taken."""
    asked: list[int] = []

    def tighten(pixels: int) -> bool:
        asked.append(pixels)
        monkeypatch.undo()
        return True

    monkeypatch.setattr(provider.engine.stock, "tighten", tighten)
    return asked


def check_that_it_fails_alone(
    provider: LocalProvider, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]
) -> None:
    with pytest.raises(ProviderError) as caught:
        act()
    assert caught.value.code == "out_of_memory"
    monkeypatch.undo()
    assert len(draw(provider)) == 1


def test_a_batch_that_is_too_large_is_halved_and_the_size_remembered(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    forward = loaded.transformer.forward

    def small_batches_only(x: list[Any], *args: Any, **words: Any) -> Any:
        sizes.append(len(x))
        if len(x) > 2 * 2:  # guidance doubles it
            full()
        return forward(x, *args, **words)

    monkeypatch.setattr(loaded.transformer, "forward", small_batches_only)
    works = [work(prompt=prompt) for prompt in PROMPTS]
    outcomes = provider.submit_batch(works)
    assert all(isinstance(outcome, Finished) for outcome in outcomes)
    assert sizes == [16, 8, *[4] * 8]
    assert provider.largest_batch(works[0].spec, SMALL) == 2
    monkeypatch.undo()
    assert isinstance(outcomes[5], Finished)
    alone = draw(provider, prompt=PROMPTS[5])
    assert psnr_db(decode(outcomes[5])[0], alone[0]) >= 50


def test_progress_does_not_go_back_when_a_batch_is_halved(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward, seen, calls = loaded.transformer.forward, [], 0

    def full_at_its_third_step(*args: Any, **words: Any) -> Any:
        nonlocal calls
        calls += 1
        return full() if calls == 3 else forward(*args, **words)

    monkeypatch.setattr(loaded.transformer, "forward", full_at_its_third_step)
    provider.submit(work(report=lambda done, _: seen.append(done), seeds=(1, 2), steps=3))
    assert calls == 3 + 2 * 3
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@pytest.mark.parametrize("part", ["text_encoder", "transformer"])
def test_a_picture_that_never_fits_fails_alone(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    module = loaded.encoding.text_encoder if part == "text_encoder" else loaded.transformer
    monkeypatch.setattr(module, "forward", full)
    order = work(prompt=f"a blue star that {part} has not seen")
    check_that_it_fails_alone(provider, monkeypatch, lambda: provider.submit(order))


def test_a_decoder_that_never_fits_fails_its_picture_alone(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = provider.submit(work())
    monkeypatch.setattr(loaded.decoder.vae, "decode", full)
    check_that_it_fails_alone(provider, monkeypatch, lambda: decode(finished))


def test_a_tighter_mode_is_taken_before_a_picture_fails_and_batches_begin_anew(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, asked = provider.engine, note_tightening(provider, monkeypatch)
    monkeypatch.setattr(loaded.transformer, "forward", full)
    outcomes = engine.draw([picture(seed) for seed in range(4)])
    assert [isinstance(outcome, Drawn) and outcome.facts["batch_size"] for outcome in outcomes] == [
        4
    ] * 4
    assert asked == [128 * 128]
    assert not engine._largest


@pytest.mark.parametrize("stage", ["load", "encode"])
def test_what_does_not_depend_on_their_number_halves_no_batch(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    engine, asked = provider.engine, note_tightening(provider, monkeypatch)
    if stage == "load":
        monkeypatch.setattr(loaded.from_noise, "disable_lora", full)
        monkeypatch.setattr(engine.stock.adapters, "loaded", {"ink": "lora_1"})
    else:
        monkeypatch.setattr(loaded.encoding.text_encoder, "forward", full)
    batch = [picture(seed, prompt=f"a {stage} of {seed} red stars") for seed in range(4)]
    outcomes = engine.draw(batch)
    assert all(isinstance(one, Drawn) and one.facts["batch_size"] == 4 for one in outcomes)
    assert asked == [128 * 128]
    assert not engine._largest


def test_a_prompt_without_room_fails_alone(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = loaded.encoding.encode_prompt
    prompts = ["a pink circle", "a star too many", "a pink square"]

    def encode_most(*, prompt: list[str], **words: Any) -> Any:
        return full() if prompt == [prompts[1]] else encode(prompt=prompt, **words)

    monkeypatch.setattr(loaded.encoding, "encode_prompt", encode_most)
    outcomes = provider.engine.draw([picture(prompt=prompt) for prompt in prompts])
    assert [type(outcome) for outcome in outcomes] == [Drawn, OutOfMemoryError, Drawn]
    struck("J2")


@pytest.mark.parametrize("size", [(256, 256), (208, 144), (128, 128)])
def test_a_decoder_without_memory_decodes_in_tiles_that_are_smaller(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    width, height = size
    finished = provider.submit(work(width=width, height=height, steps=1))
    (whole,) = decode(finished)
    vae, tiles = loaded.decoder.vae, []
    forward = vae.decoder.forward

    def full_but_for_half(latents: torch.Tensor, *args: Any, **words: Any) -> Any:
        tiles.append(tuple(latents.shape[-2:]))
        return full() if max(tiles[-1]) > max(size) / 16 else forward(latents, *args, **words)

    monkeypatch.setattr(vae.decoder, "forward", full_but_for_half)
    # Z-Image's own, which was trained with 1024 x 1024.
    monkeypatch.setattr(vae, "tile_latent_min_size", 128)
    monkeypatch.setattr(vae, "tile_sample_min_size", 1024)
    assert "tiled" not in finished.facts
    (tiled,) = decode(finished)
    assert finished.facts["tiled"] == [0]
    assert tiles[0] == (height // 8, width // 8)
    assert len(tiles) > 4
    assert tiled.size == size
    # Two tiles of 64 pixels see little of each other; another picture is below 10.
    assert psnr_db(tiled, whole) > 15
    # The next batch's previews and pictures see nothing of it.
    assert (vae.use_tiling, vae.tile_latent_min_size) == (False, 128)


def test_a_decoder_waits_for_the_memory_of_what_is_drawn_beside_it(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = provider.submit(work())
    expected = decode(finished)
    forward, decode_whole = loaded.transformer.forward, loaded.decoder.vae.decode
    is_busy, go_on, tried = threading.Event(), threading.Event(), []

    def draw_slowly(*args: Any, **words: Any) -> Any:
        is_busy.set()
        go_on.wait(patience(60))
        try:
            return forward(*args, **words)
        finally:
            is_busy.clear()

    def full_beside(*args: Any, **words: Any) -> Any:
        tried.append(is_busy.is_set())
        if len(tried) == 2:
            go_on.set()
        return full() if tried[-1] else decode_whole(*args, **words)

    monkeypatch.setattr(loaded.transformer, "forward", draw_slowly)
    monkeypatch.setattr(loaded.decoder.vae, "decode", full_beside)
    beside = threading.Thread(target=provider.submit, args=[work(steps=1)])
    beside.start()
    assert is_busy.wait(patience(60))
    assert decode(finished) == expected
    beside.join()
    assert tried == [True, True, False]
    assert provider.engine.stock.parts is loaded


@pytest.mark.parametrize("mode", ["none", "group"])
def test_a_decoder_without_room_beside_its_model_gets_it_and_the_model_comes_back_tighter(
    provider: LocalProvider, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    expected = [draw(provider, seeds=(seed,), steps=1)[0] for seed in (7, 8)]
    monkeypatch.setattr(stock_module, "choose_mode", lambda *_: Mode(mode, "as the test wants"))
    engine, to_pixels = Engine(Options(threads=1, largest_batch=1)), LatentDecoder.to_pixels
    asked: list[int] = []

    def full_beside(decoder: LatentDecoder, latents: torch.Tensor) -> Image.Image:
        if engine.stock.parts:
            full()
        return to_pixels(decoder, latents)

    monkeypatch.setattr(LatentDecoder, "to_pixels", full_beside)
    monkeypatch.setattr(engine.stock, "tighten", asked.append)
    drawn = engine.draw([picture(seed, steps=1) for seed in (7, 8)])
    assert [isinstance(one, Drawn) and engine.decode(one) for one in drawn] == expected
    assert asked[0] == 128 * 128
    (after,) = engine.draw([picture(steps=1)])
    assert isinstance(after, Drawn)
