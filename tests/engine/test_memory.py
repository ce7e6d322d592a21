"""Where the weights live, and what happens when memory ends: simulated, since there is no card here."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from generation.engine import stock as stock_module
from generation.engine.card import read_card
from generation.engine.engine import Engine
from generation.engine.memory import (
    GIB,
    Mode,
    Sizes,
    Visitor,
    choose_mode,
    read_sizes,
    tighter_than,
)
from generation.engine.options import Options
from generation.engine.small import WEIGHTS
from generation.engine.stock import Stock
from generation.providers.base import Finished
from generation.providers.errors import ProviderError, Stopped
from generation.providers.local import LocalProvider
from generation.services.rerun import psnr_db
from generation.services.seed import SMALL
from tests.engine.drawing import PROMPTS, decode, draw, picture, work

pytestmark = pytest.mark.xdist_group("torch")

# Z-Image in BF16 (PERFORMANCE: 12.31, 0.17 and 8.04 GB).
Z_IMAGE = Sizes(int(12.31e9), int(0.17e9), int(8.04e9))


@pytest.mark.parametrize(
    ("free_gib", "mode"),
    [(80, "none"), (24, "none"), (22.5, "resident"), (19, "model"), (12, "group"), (1, "group")],
)
def test_auto_chooses_by_free_memory_and_says_why(free_gib: float, mode: str) -> None:
    chosen = choose_mode("auto", Z_IMAGE, int(free_gib * GIB))
    assert chosen.name == mode
    assert f"{free_gib:.1f} GiB are free" in chosen.reason


def test_what_the_operator_wants_is_done() -> None:
    assert choose_mode("sequential", Z_IMAGE, 80 * GIB) == Mode(
        "sequential", "LOCAL_OFFLOAD says so"
    )


def test_without_a_card_nothing_is_offloaded() -> None:
    chosen = choose_mode("model", Z_IMAGE, None)
    assert chosen.name == "none"
    assert "no accelerator" in chosen.reason
    assert read_card() == {}
    with pytest.raises(ValueError, match="LOCAL_OFFLOAD"):
        choose_mode("everything", Z_IMAGE, None)


def test_sizes_are_those_of_the_files() -> None:
    sizes = read_sizes(WEIGHTS)
    assert sizes.transformer > sizes.text_encoder > sizes.vae > 0
    assert sizes.all == sum(file.stat().st_size for file in WEIGHTS.rglob("*.safetensors"))


def test_each_mode_has_a_tighter_one_but_the_last() -> None:
    seen = ["none"]
    while tighter := tighter_than(seen[-1]):
        seen.append(tighter)
    assert seen == ["none", "resident", "model", "group", "sequential"]


def test_a_visitor_goes_home_without_being_copied_back() -> None:
    module = torch.nn.Linear(4, 4)
    homes = [tensor.data_ptr() for tensor in module.parameters()]
    inputs = torch.ones(1, 4)
    expected = module(inputs)
    visitor = Visitor(module, "cpu")
    with visitor.visiting():
        away = [tensor.data_ptr() for tensor in module.parameters()]
        assert torch.equal(module(inputs), expected)
    assert set(away).isdisjoint(homes)
    assert [tensor.data_ptr() for tensor in module.parameters()] == homes


@pytest.mark.parametrize("mode", ["resident", "model", "group", "sequential"])
def test_every_mode_draws_the_same_bits(
    provider: LocalProvider, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The offload hooks work from the CPU to the CPU, too: no gain, but all of their ways.
    monkeypatch.setattr(stock_module, "choose_mode", lambda *_: Mode(mode, "as the test wants"))
    engine = Engine(Options(threads=1))
    for seed in (7, 8):
        (outcome,) = engine.draw([picture(seed)])
        assert not isinstance(outcome, Exception)
        # Where the decoder is moved about, the picture does not wait for a second thread.
        assert (outcome.image is None) == (mode == "resident")
        assert engine.decode(outcome) == draw(provider, seeds=(seed,))[0]
    assert engine.facts()["offload"] == mode


def full(*_: object, **__: object) -> None:
    raise torch.OutOfMemoryError("CUDA out of memory")


@pytest.fixture
def loaded(provider: LocalProvider) -> Any:
    provider.engine.stock.have(SMALL)
    return provider.engine.stock.parts


def check_that_the_next_order_runs(provider: LocalProvider) -> None:
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


@pytest.mark.parametrize("part", ["text_encoder", "transformer"])
def test_a_picture_that_never_fits_fails_alone(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    module = loaded.encoding.text_encoder if part == "text_encoder" else loaded.transformer
    monkeypatch.setattr(module, "forward", full)
    with pytest.raises(ProviderError) as caught:
        provider.submit(work(prompt=f"a blue star that {part} has not seen"))
    assert caught.value.code == "out_of_memory"
    monkeypatch.undo()
    check_that_the_next_order_runs(provider)


def test_a_decoder_without_memory_decodes_in_tiles(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode_whole, tilings = loaded.decoder.vae.decode, []

    def full_unless_tiled(*args: Any, **words: Any) -> Any:
        tilings.append(loaded.decoder.vae.use_tiling)
        return decode_whole(*args, **words) if loaded.decoder.vae.use_tiling else full()

    finished = provider.submit(work())
    monkeypatch.setattr(loaded.decoder.vae, "decode", full_unless_tiled)
    assert decode(finished)[0].size == (128, 128)
    assert tilings == [False, True]
    assert not loaded.decoder.vae.use_tiling


def test_a_decoder_that_never_fits_fails_its_picture_alone(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = provider.submit(work())
    monkeypatch.setattr(loaded.decoder.vae, "decode", full)
    with pytest.raises(ProviderError) as caught:
        decode(finished)
    assert caught.value.code == "out_of_memory"
    monkeypatch.undo()
    assert not loaded.decoder.vae.use_tiling
    check_that_the_next_order_runs(provider)


def test_out_of_memory_alone_takes_the_tighter_mode_before_it_fails(
    provider: LocalProvider, loaded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = provider.engine
    asked: list[int] = []

    def tighten(pixels: int) -> bool:
        asked.append(pixels)
        monkeypatch.undo()
        return True

    monkeypatch.setattr(loaded.transformer, "forward", full)
    monkeypatch.setattr(engine.stock, "tighten", tighten)
    (outcome,) = engine.draw([picture()])
    assert not isinstance(outcome, Exception)
    assert asked == [128 * 128]


@pytest.fixture
def card_stock(monkeypatch: pytest.MonkeyPatch) -> tuple[Stock, list[str]]:
    """A stock that believes in a card of 80 GiB, and the modes in which it loaded parts."""
    modes: list[str] = []

    def load(folder: Path, mode: Mode, device: str, prepare: Any) -> Any:
        modes.append(mode.name)
        return SimpleNamespace(folder=folder, mode=mode, from_noise=None, transformer=None)

    monkeypatch.setattr(stock_module, "load_parts", load)
    monkeypatch.setattr(stock_module, "free_bytes", lambda: 80 * GIB)
    monkeypatch.setattr(Stock, "release", lambda self: None)
    monkeypatch.setattr(stock_module, "choose_attention", lambda *_: "native")
    return Stock(Options(), "cuda"), modes


def test_only_sizes_that_need_it_are_drawn_in_the_tighter_mode(
    card_stock: tuple[Stock, list[str]],
) -> None:
    stock, modes = card_stock
    stock.have(SMALL, 512 * 512)
    assert stock.tighten(1024 * 1024)
    for side in (1024, 2048, 512, 512):
        stock.have(SMALL, side * side)
    assert modes == ["none", "resident", "none"]


def test_tighter_ends_at_the_tightest(card_stock: tuple[Stock, list[str]]) -> None:
    stock, modes = card_stock
    stock.have(SMALL, 512)
    while stock.tighten(512):
        stock.have(SMALL, 512)
    assert modes == ["none", "resident", "model", "group", "sequential"]


def test_a_model_too_large_to_load_is_loaded_in_a_tighter_mode(
    card_stock: tuple[Stock, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    stock, modes = card_stock

    def load_if_tight(folder: Path, mode: Mode, device: str, prepare: Any) -> Any:
        modes.append(mode.name)
        parts = SimpleNamespace(folder=folder, mode=mode, from_noise=None, transformer=None)
        return full() if mode.name in ("none", "resident") else parts

    monkeypatch.setattr(stock_module, "load_parts", load_if_tight)
    engine = Engine(Options())
    engine.stock = stock
    batch = [picture(seed) for seed in range(4)]
    for _ in range(2):
        with pytest.raises(torch.OutOfMemoryError):
            stock.have(SMALL, 128 * 128)
        # The number of pictures has no part in it.
        assert engine._makes_room(batch, "")
    stock.have(SMALL, 128 * 128)
    assert modes == ["none", "resident", "model"]
    assert not engine._largest


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
