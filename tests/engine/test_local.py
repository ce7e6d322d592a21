"""The small Z-Image through the real engine, on the CPU."""

import shutil
from pathlib import Path

import pytest
import torch
from diffusers import ZImagePipeline

from generation.engine.memory import choose_offload, read_card
from generation.engine.pipeline import Engine, EngineError
from generation.providers.errors import ProviderError, Stopped
from generation.providers.local import LocalProvider
from generation.services.seed import SMALL
from generation.spec import GenerationSpec, ModelCard

pytestmark = pytest.mark.xdist_group("torch")


@pytest.fixture(scope="module")
def provider() -> LocalProvider:
    return LocalProvider(offload="auto", threads=0)


def spec(**words: object) -> GenerationSpec:
    values = {
        "media_type": "image",
        "model": SMALL.alias,
        "prompt": "a yellow star on a purple background",
        "negative_prompt": "",
        "width": 128,
        "height": 128,
        "steps": 2,
        "cfg_scale": 2.0,
        "seeds": (7,),
    }
    return GenerationSpec(**{**values, **words})  # type: ignore[arg-type]


def draw(provider: LocalProvider, order: GenerationSpec) -> list[bytes]:
    finished = provider.submit(order, card=SMALL, report=lambda progress: None)
    return [output.image.tobytes() for output in finished.outputs]


def test_same_seed_gives_the_same_bytes(provider: LocalProvider) -> None:
    assert draw(provider, spec()) == draw(provider, spec())


def test_other_seed_gives_another_picture(provider: LocalProvider) -> None:
    assert draw(provider, spec()) != draw(provider, spec(seeds=(8,)))


def test_a_picture_does_not_depend_on_its_neighbours(provider: LocalProvider) -> None:
    assert draw(provider, spec(seeds=(6, 7)))[1] == draw(provider, spec())[0]


@pytest.mark.parametrize("size", SMALL.sizes)
def test_every_size_of_the_card_is_made(provider: LocalProvider, size: tuple[int, int]) -> None:
    width, height = size
    order = spec(width=width, height=height, steps=1, cfg_scale=0.0)
    finished = provider.submit(order, card=SMALL, report=lambda progress: None)
    image = finished.outputs[0].image
    assert (image.size, image.mode) == (size, "RGB")


def test_result_equals_the_plain_pipelines(provider: LocalProvider) -> None:
    plain = ZImagePipeline.from_pretrained(SMALL.folder, dtype=torch.bfloat16)
    plain.set_progress_bar_config(disable=True)
    image = plain(
        prompt="a yellow star on a purple background",
        negative_prompt="",
        width=128,
        height=128,
        num_inference_steps=2,
        guidance_scale=2.0,
        generator=torch.Generator("cpu").manual_seed(7),
    ).images[0]
    assert draw(provider, spec()) == [image.tobytes()]


def test_progress_counts_pictures_and_steps(provider: LocalProvider) -> None:
    seen: list[float] = []
    provider.submit(spec(seeds=(1, 2)), card=SMALL, report=seen.append)
    assert seen == [0.25, 0.5, 0.75, 1.0]


def test_report_that_stops_ends_within_its_step(provider: LocalProvider) -> None:
    seen: list[float] = []

    def stop(progress: float) -> None:
        seen.append(progress)
        raise Stopped

    with pytest.raises(Stopped):
        provider.submit(spec(steps=50), card=SMALL, report=stop)
    assert seen == [0.02]
    assert len(draw(provider, spec())) == 1


def test_finished_says_what_decided_the_picture(provider: LocalProvider) -> None:
    finished = provider.submit(spec(), card=SMALL, report=lambda progress: None)
    assert set(finished.timings) >= {"encode", "denoise", "decode"}
    assert set(finished.facts) == {
        "device", "offload", "dtype", "torch", "diffusers", "transformers"
    }  # fmt: skip


def test_missing_model_is_a_clear_failure() -> None:
    provider = LocalProvider(offload="auto", threads=0)
    card = ModelCard(alias="gone", folder="/nowhere/at/all")
    with pytest.raises(ProviderError, match="cannot load") as caught:
        provider.submit(spec(), card=card, report=lambda progress: None)
    assert caught.value.code == "engine_unavailable"
    assert not caught.value.retryable


def test_out_of_memory_fails_one_picture_and_the_next_one_runs(
    provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    provider.warm(SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(provider.engine.pipeline.vae, "decode", full)
        with pytest.raises(ProviderError) as caught:
            provider.submit(spec(), card=SMALL, report=lambda progress: None)
    assert caught.value.code == "out_of_memory"
    assert len(draw(provider, spec())) == 1


def test_without_a_card_nothing_is_offloaded() -> None:
    assert choose_offload("model", SMALL.folder) == "none"
    assert read_card() == {}
    with pytest.raises(ValueError, match="LOCAL_OFFLOAD"):
        choose_offload("everything", SMALL.folder)


def test_weights_are_safetensors_within_24_megabytes() -> None:
    files = [path for path in Path(SMALL.folder).rglob("*") if path.is_file()]
    weights = [path for path in files if path.suffix == ".safetensors"]
    assert {path.parent.name for path in weights} == {"transformer", "vae", "text_encoder"}
    assert sum(path.stat().st_size for path in weights) <= 24 * 10**6
    assert not [path for path in files if path.suffix in {".bin", ".pt", ".ckpt", ".pkl", ".pth"}]
    assert (Path(SMALL.folder) / "model_index.json").exists()


def test_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError):
        Engine(offload="auto", threads=0).load(str(tmp_path))


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    shutil.copytree(SMALL.folder, tmp_path / "model")
    for weights in (tmp_path / "model" / "transformer").glob("*.safetensors"):
        weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(EngineError):
        Engine(offload="auto", threads=0).load(str(tmp_path / "model"))
