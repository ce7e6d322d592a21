"""The small Z-Image through the adapter, on the CPU: one order, and several at once."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw

from generation.accounts.seed import SMALL
from generation.engine.engine import Engine
from generation.engine.loading import local_of
from generation.engine.options import Options
from generation.engine.small import WEIGHTS
from generation.providers.base import AccountSettings, Finished, Work
from generation.providers.errors import GivenBack, ProviderError, Stopped, Unsupported
from generation.providers.local import LocalProvider
from generation.spec import LocalModel, ModelCard
from generation.work.rerun import psnr_db
from tests.engine.drawing import PROMPT, PROMPTS, decode, draw, spec, work

pytestmark = pytest.mark.xdist_group("torch")
# In bfloat16 a processor's kernels round by the size of a batch, seven orders' as much as that (AMX: 43.7 dB).
ALIKE_DB = {"float32": 50, "bfloat16": 40}


def test_same_seed_gives_the_same_bytes(provider: LocalProvider) -> None:
    assert draw(provider) == draw(provider)


def test_other_seed_gives_another_picture(provider: LocalProvider) -> None:
    assert draw(provider) != draw(provider, seeds=(8,))


@pytest.mark.parametrize("size", SMALL.sizes)
def test_every_size_of_the_card_is_made(provider: LocalProvider, size: tuple[int, int]) -> None:
    width, height = size
    (image,) = draw(provider, width=width, height=height, steps=1, cfg_scale=0.0)
    assert (image.size, image.mode) == (size, "RGB")


def test_eight_orders_at_once_are_the_pictures_that_each_would_be_alone(
    provider: LocalProvider,
) -> None:
    long = PROMPT + ", " + ", ".join(["clean lines and vivid colours"] * 6)
    prompts = [*PROMPTS[:7], long]
    works = [work(prompt=prompt, seeds=(seed,)) for seed, prompt in enumerate(prompts)]
    keys = [provider.batch_key(one.spec, SMALL) for one in works]
    # The long caption may not be padded into the others' batch, nor they into its.
    assert len(set(keys[:7])) == 1
    assert keys[7] != keys[0]
    for members in (works[:7], works[7:]):
        for one, outcome in zip(members, provider.submit_batch(members), strict=True):
            assert isinstance(outcome, Finished)
            assert outcome.facts["batch_size"] == len(members)
            alone = draw(provider, prompt=one.spec.prompt, seeds=one.spec.seeds)
            assert psnr_db(decode(outcome)[0], alone[0]) >= ALIKE_DB[outcome.facts["dtype"]]


def test_an_orders_pictures_are_drawn_at_once_each_from_its_seed(provider: LocalProvider) -> None:
    finished = provider.submit(work(seeds=(6, 7, 8)))
    assert finished.facts["batch_size"] == 3
    assert [output.seed for output in finished.made] == [6, 7, 8]
    assert psnr_db(decode(finished)[1], draw(provider)[0]) >= 50


@pytest.mark.parametrize(
    "other",
    [
        {"width": 192, "height": 192},
        {"steps": 3},
        {"cfg_scale": 0.0},
        {"cfg_scale": 3.0},
        {"loras": (("outlines", 1.0),)},
        {"negative_prompt": "text " * 40},
    ],
    ids=str,
)
def test_what_differs_is_no_batch(provider: LocalProvider, other: dict[str, object]) -> None:
    assert provider.batch_key(spec(**other), SMALL) != provider.batch_key(spec(), SMALL)


def test_what_decides_nothing_together_is_a_batch(provider: LocalProvider) -> None:
    same = provider.batch_key(spec(prompt=PROMPTS[1], seeds=(1, 2)), SMALL)
    assert same == provider.batch_key(spec(), SMALL)


def test_an_order_with_an_input_picture_runs_alone_beside_the_storing_of_others(
    provider: LocalProvider,
) -> None:
    order = spec(image="art_1")
    keys = {provider.batch_key(one, SMALL) for one in (order, spec(image="art_2"), spec())}
    assert None not in keys
    assert len(keys) == 3
    assert provider.largest_batch(order, SMALL) == 1


def test_large_pictures_run_alone(provider: LocalProvider) -> None:
    assert provider.largest_batch(spec(width=1024, height=1024), SMALL) == 1
    assert provider.largest_batch(spec(width=512, height=512), SMALL) == 8


@pytest.mark.parametrize(("device", "most"), [("cpu", 2), ("cuda", 8)])
def test_batches_are_as_large_as_pays_on_the_device(device: str, most: int) -> None:
    engine = Engine(Options(threads=1))
    engine.device = device
    assert engine.largest_batch(spec(), SMALL) == most


def test_progress_counts_pictures_and_steps_and_shows_the_first(provider: LocalProvider) -> None:
    seen: list[float] = []
    shown: list[bytes] = []

    def report(done: float, preview: object = None) -> None:
        seen.append(done)
        if callable(preview):
            shown.append(preview())

    provider.submit(work(report=report, seeds=(1, 2)))
    assert seen == [0.25, 0.5, 0.75, 1.0]
    assert len(shown) == 2
    assert all(jpeg.startswith(b"\xff\xd8") and len(jpeg) < 8192 for jpeg in shown)


def test_the_preview_of_the_last_step_is_the_picture(
    provider: LocalProvider, tmp_path: Path
) -> None:
    shown: list[bytes] = []

    def report(_: float, preview: object = None) -> None:
        assert callable(preview)
        shown.append(preview())

    finished = provider.submit(work(report=report, steps=6))
    (tmp_path / "last.jpg").write_bytes(shown[-1])
    (tmp_path / "first.jpg").write_bytes(shown[0])
    image = decode(finished)[0]
    assert psnr_db(Image.open(tmp_path / "last.jpg"), image) > 25
    assert Image.open(tmp_path / "first.jpg").size == (128, 128)


def test_report_that_stops_ends_within_its_step(provider: LocalProvider) -> None:
    seen: list[float] = []

    def stop(progress: float, preview: object = None) -> None:
        seen.append(progress)
        raise Stopped

    with pytest.raises(Stopped):
        provider.submit(work(report=stop, steps=50))
    assert seen == [0.02]
    assert len(draw(provider)) == 1


def test_a_member_that_ends_does_not_spoil_the_others(provider: LocalProvider) -> None:
    calls: list[str] = []

    def ends(error: Exception) -> object:
        def report(done: float, preview: object = None) -> None:
            calls.append(type(error).__name__)
            raise error

        return report

    works = [
        work(report=ends(Stopped()), prompt=PROMPTS[1]),
        work(),
        work(report=ends(GivenBack()), prompt=PROMPTS[2]),
        work(report=ends(ZeroDivisionError("a mistake")), prompt=PROMPTS[3]),
    ]
    stopped, fine, given_back, broken = provider.submit_batch(works)
    assert type(stopped) is Stopped
    assert type(given_back) is GivenBack
    assert isinstance(broken, ProviderError)
    assert isinstance(fine, Finished)
    assert psnr_db(decode(fine)[0], draw(provider)[0]) >= 50
    # Who has gone is asked no more.
    assert sorted(calls) == ["GivenBack", "Stopped", "ZeroDivisionError"]


def test_finished_says_what_decided_the_picture(provider: LocalProvider) -> None:
    finished = provider.submit(work())
    assert set(finished.timings) == {"load", "encode", "denoise"}
    assert finished.facts["steps_run"] == 2
    assert finished.facts["folder"] == local_of(SMALL).folder
    assert set(finished.facts) >= {
        "model", "revision", "weights", "loras", "device", "offload", "dtype", "threads", "attention",
        "batch_size", "torch", "diffusers", "transformers", "accelerate", "peft", "safetensors",
    }  # fmt: skip


def test_image_to_image_keeps_more_of_its_source_the_weaker_it_is(provider: LocalProvider) -> None:
    (source,) = draw(provider, steps=6)
    words: dict[str, Any] = {"image": "art_1", "source": source, "prompt": PROMPTS[1], "steps": 10}
    # With guidance the small model follows its words even in the last step.
    words["cfg_scale"] = 0.0
    weak, strong = (provider.submit(work(strength=strength, **words)) for strength in (0.1, 1.0))
    assert (weak.facts["steps_run"], strong.facts["steps_run"]) == (1, 10)
    near, far = decode(weak)[0], decode(strong)[0]
    assert psnr_db(near, source) > psnr_db(far, source)
    assert draw(provider, strength=0.1, **words) == [near]


def test_an_input_picture_of_another_size_is_fitted(provider: LocalProvider) -> None:
    source = Image.new("RGBA", (300, 100), (200, 30, 30, 255))
    (image,) = draw(provider, image="art_1", source=source, strength=0.5)
    assert (image.size, image.mode) == ((128, 128), "RGB")


def test_inpainting_changes_nothing_outside_of_its_mask(provider: LocalProvider) -> None:
    (source,) = draw(provider, steps=6)
    mask = Image.new("L", source.size, 0)
    ImageDraw.Draw(mask).rectangle((0, 0, 63, 127), fill=255)
    words: dict[str, Any] = {
        "image": "art_1",
        "mask": "art_2",
        "source": source,
        "mask_picture": mask,
    }
    (image,) = draw(provider, prompt=PROMPTS[1], strength=1.0, steps=6, **words)
    changed = ImageChops.difference(image, source).getbbox()
    assert changed is not None
    assert changed[2] <= 64


def test_missing_model_is_a_clear_failure(provider: LocalProvider) -> None:
    with pytest.raises(ProviderError, match="cannot load") as caught:
        provider.submit(work(ModelCard(alias="gone", local=LocalModel("/nowhere/at/all"))))
    assert caught.value.code == "engine_unavailable"
    assert not caught.value.retryable
    assert (
        provider.batch_key(spec(), ModelCard(alias="gone", local=LocalModel("/nowhere/at/all")))
        is None
    )


def test_health_says_what_is_loaded_and_that_there_is_no_card(provider: LocalProvider) -> None:
    provider.warm(SMALL)
    health = provider.health()
    assert health["model"] == SMALL.alias
    assert health["offload"] == "none"
    assert "gpu_utilization" not in health


def test_weights_are_safetensors_within_24_megabytes() -> None:
    files = [path for path in WEIGHTS.rglob("*") if path.is_file()]
    weights = [path for path in files if path.suffix == ".safetensors"]
    assert {path.parent.name for path in weights} == {"transformer", "vae", "text_encoder"}
    assert sum(path.stat().st_size for path in weights) <= 24 * 10**6
    assert not [path for path in files if path.suffix in {".bin", ".pt", ".ckpt", ".pkl", ".pth"}]
    assert (WEIGHTS / "model_index.json").exists()


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    shutil.copytree(WEIGHTS, tmp_path / "model")
    for weights in (tmp_path / "model" / "transformer").glob("*.safetensors"):
        weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(ProviderError, match="cannot load"):
        LocalProvider(AccountSettings("local", options={"threads": 1})).submit(
            work(ModelCard("broken", local=LocalModel(str(tmp_path / "model"))))
        )


@pytest.mark.parametrize(
    ("left", "name"), [({"steps": None}, "steps"), ({"cfg_scale": None}, "cfg_scale"), ({"seeds": ()}, "seed")]
)  # fmt: skip
def test_what_an_order_leaves_to_the_vendor_the_engine_does_not_make_up(
    provider: LocalProvider, left: dict[str, Any], name: str
) -> None:
    undecided = replace(spec(), **left)
    assert provider.batch_key(undecided, SMALL) is None
    with pytest.raises(Unsupported, match=name):
        provider.submit(Work(undecided, SMALL, lambda done, preview=None: None))
