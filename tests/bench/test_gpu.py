"""Each arm of the GPU benchmarks runs once on tiny dimensions: no figure means anything here, but nothing is broken."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, ZImageTransformer2DModel
from torch.utils.flop_counter import FlopCounterMode
from transformers import Qwen3Config, Qwen3Model

from generation.engine.options import Options
from tests import servers
from tests.bench import flops, gpu_memory, gpu_model, gpu_speed
from tests.bench.__main__ import MODULES, NOT_RUN, exit_code, measure
from tests.bench.gpu_model import DTYPE, REAL, TINY, Dimensions, Lab, lab

pytestmark = [pytest.mark.xdist_group("torch"), pytest.mark.whole]
SIDE = TINY.sides[0]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.setattr(gpu_speed, "STEPS", 1)
    monkeypatch.setattr(gpu_memory, "STEPS", 1)
    options = Options(offload="none", threads=1, pool_bytes=2**30, largest_batch=2)
    with lab(TINY, tmp_path / "model", "cpu", options) as found:
        yield found


def meta(build: Callable[[], Any]) -> Any:
    before = torch.get_default_dtype()
    torch.set_default_dtype(DTYPE)
    try:
        with torch.device("meta"):
            return build()
    finally:
        torch.set_default_dtype(before)


def count(act: Callable[[], Any]) -> float:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        act()
    return float(counter.get_total_flops())


def empty(*shape: int, dtype: torch.dtype = DTYPE) -> torch.Tensor:
    return torch.empty(*shape, device="meta", dtype=dtype)


@pytest.mark.parametrize(
    ("dimensions", "side", "tera"), [(REAL, 512, 12.9), (REAL, 1024, 55.6), (TINY, 128, 0.00088)]
)
def test_operations_of_a_step_are_those_that_torch_counts(
    dimensions: Dimensions, side: int, tera: float
) -> None:
    model = meta(lambda: ZImageTransformer2DModel(**dimensions.transformer))
    latents = [empty(16, 1, side // 8, side // 8)]
    caption = [empty(40, model.config.cap_feat_dim)]
    counted = count(lambda: model(latents, empty(1, dtype=torch.float32), caption))
    assert flops.count_step(model.config, side, side, 40) == pytest.approx(counted, rel=0.01)
    assert counted / 1e12 == pytest.approx(tera, rel=0.01)


@pytest.mark.parametrize(("tokens", "tera"), [(64, 0.467), (512, 3.875)])
def test_operations_of_an_encoding_are_those_that_torch_counts(tokens: int, tera: float) -> None:
    model = meta(lambda: Qwen3Model(Qwen3Config(**REAL.encoder)))
    counted = count(lambda: model(input_ids=empty(1, tokens, dtype=torch.long)))
    assert flops.count_encode(model.config, tokens) == pytest.approx(counted, rel=0.01)
    assert counted / 1e12 == pytest.approx(tera, rel=0.01)


@pytest.mark.parametrize(("dimensions", "side"), [(REAL, 512), (REAL, 1024), (TINY, 128)])
def test_operations_of_a_decoding_are_those_that_torch_counts(
    dimensions: Dimensions, side: int
) -> None:
    model = meta(lambda: AutoencoderKL(**dimensions.decoder))
    counted = count(lambda: model.decode(empty(1, 16, side // 8, side // 8)))
    assert flops.count_decode(model.config, side, side) == pytest.approx(counted, rel=0.01)


def test_real_dimensions_are_those_of_the_published_model() -> None:
    parts = {
        6.155e9: meta(lambda: ZImageTransformer2DModel(**REAL.transformer)),
        4.022e9: meta(lambda: Qwen3Model(Qwen3Config(**REAL.encoder))),
        83.8e6: meta(lambda: AutoencoderKL(**REAL.decoder)),
    }
    for parameters, part in parts.items():
        assert {one.dtype for one in part.parameters()} == {DTYPE}
        assert sum(one.numel() for one in part.parameters()) == pytest.approx(parameters, rel=0.001)


def test_floor_is_measured_by_products_and_copies() -> None:
    assert gpu_speed.measure_products(TINY, "cpu", SIDE)["all"] > 0
    assert set(gpu_speed.measure_copies("cpu", 2**16)) == {"pageable", "pinned", "within"}
    assert gpu_speed.floor_seconds(TINY, "cpu", SIDE) > 0


def test_denoise_arms_draw_the_same(bench: Lab) -> None:
    arms = gpu_speed.denoise_arms(bench, TINY, SIDE)
    assert all(arm() > 0 for arm in arms.values())
    picture = bench.picture("a", 1, side=SIDE, steps=1)
    [drawn] = bench.draw([picture])
    assert torch.equal(gpu_speed.draw_plain(bench, picture)[0], drawn.latents)


def test_batch_arms_draw_the_same(bench: Lab) -> None:
    pictures = gpu_speed.order_pictures(bench, 6, SIDE)
    keys = {bench.engine.batch_key(one.spec, one.card) for one in pictures}
    assert len(keys) == len(gpu_speed.WORDS)
    serially = gpu_speed.draw_serially(bench, pictures)
    batches = gpu_speed.draw_in_batches(bench, pictures)
    assert gpu_speed.likeness(serially, batches) >= gpu_speed.LEAST_LIKENESS_DB
    assert gpu_speed.likeness(serially, batches[::-1]) < gpu_speed.LEAST_LIKENESS_DB


@pytest.mark.parametrize("arm", gpu_memory.ARMS)
def test_residency_arm_draws(arm: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(gpu_memory, "STEPS", 1)
    monkeypatch.setattr(servers, "HOME", tmp_path)
    with ExitStack() as stack:
        draw = gpu_memory.ARMS[arm](stack, TINY, "cpu")
        draw(gpu_memory.Job(["a", "b"], 1))


def test_a_saved_model_of_random_weights_is_one_that_the_engine_draws(tmp_path: Path) -> None:
    gpu_model.save(TINY, "cpu", tmp_path)
    bench = Lab(tmp_path, "cpu", Options(offload="none", threads=1))
    [image] = bench.make([bench.picture("a", 1, side=SIDE, steps=2)])
    assert image.size == (SIDE, SIDE)


def test_embedding_arms_encode_once_or_each_time(bench: Lab) -> None:
    assert gpu_memory.count_encodings(bench, SIDE) == 1
    arms = gpu_memory.embedding_arms(bench, SIDE)
    for name, misses in (("cache off", 1), ("cache on", 0)):
        before = bench.engine._drawer.embeddings
        assert arms[name]() > 0
        caches = bench.engine._drawer.embeddings
        assert caches is not before or name == "cache on"
        missed = caches.misses
        arms[name]()
        assert caches.misses - missed == misses


def test_swap_arms_change_the_weights(bench: Lab, tmp_path: Path) -> None:
    files = gpu_memory.write_weights(bench, tmp_path)
    arms = gpu_memory.swap_arms(bench, files)
    seen = []
    for _ in range(2):
        assert arms["pool"]() > 0
        parts = bench.engine.stock.parts
        assert parts
        seen.append(parts.transformer.layers[0].feed_forward.w1.weight.clone())
    assert not torch.equal(*seen)
    assert arms["file"]() > 0


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("gpu-")])
def test_without_a_card_nothing_is_ok(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    answer = measure(MODULES[name], is_quick=True)
    assert set(answer) == {"not_run", "ok"}
    assert answer["ok"] is False
    assert "CUDA" in answer["not_run"]
    assert exit_code(answer) == NOT_RUN == 3
    assert (exit_code({"ok": True}), exit_code({"ok": False})) == (0, 1)
