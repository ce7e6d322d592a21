"""What the engine computes in: chosen by what the machine is fast at, and the same promises in either type."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch
from diffusers import ZImagePipeline
from PIL import Image, ImageDraw

from generation.accounts.seed import OUTLINES, SMALL
from generation.engine import precision
from generation.engine.engine import Engine
from generation.engine.memory import choose_mode, read_sizes
from generation.engine.options import Options
from generation.engine.precision import choose_precision, judge_card, judge_processor
from generation.engine.small import WEIGHTS
from generation.providers.base import AccountSettings
from generation.providers.local import LocalProvider
from generation.spec import Lora
from generation.work.rerun import find_changes, psnr_db
from tests.engine.drawing import PROMPT, PROMPTS, decode, draw, lying, work
from tests.engine.made_files import read_small, save

pytestmark = [pytest.mark.xdist_group("torch"), pytest.mark.whole]

BF16, FP32 = torch.bfloat16, torch.float32
OUTLINED = lying(SMALL, weights=(str(OUTLINES),))
OWN = judge_processor().name
OTHER = ({"bfloat16", "float32"} - {OWN}).pop()
ROOT = Path(__file__).resolve().parents[2]
JUDGE = "from generation.engine.precision import *; print(judge_processor().name)"


@pytest.fixture(scope="module")
def provider_of(shared_provider: LocalProvider) -> Callable[[str], LocalProvider]:
    """The engine of each type: the shared one for the machine's own."""
    other = LocalProvider(
        AccountSettings("local", options={"threads": 1, "largest_batch": 8, "dtype": OTHER})
    )
    return {OWN: shared_provider, OTHER: other}.__getitem__


@pytest.fixture
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judgement as a new process begins it; this one's own stays."""
    monkeypatch.setattr(precision, "judge_processor", cache(judge_processor.__wrapped__))


@pytest.mark.parametrize(
    ("has", "bf16", "fp32", "chosen"),
    [
        (True, 1.0, 2.0, BF16),
        # What is lost by it is noise, and half of the memory is kept.
        (True, 1.1, 1.0, BF16),
        # oneDNN takes BF16 on any AVX-512 processor, and emulates it on most.
        (True, 2.4, 1.0, FP32),
        (False, 1.0, 2.0, FP32),
    ],
)
@pytest.mark.usefixtures("_fresh")
def test_auto_takes_what_the_processor_is_fast_at(
    monkeypatch: pytest.MonkeyPatch, *, has: bool, bf16: float, fp32: float, chosen: torch.dtype
) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda: has)
    monkeypatch.setattr(precision, "measure", lambda: {BF16: bf16, FP32: fp32})
    assert choose_precision("auto", "cpu").dtype is chosen


@pytest.mark.usefixtures("_fresh")
def test_a_process_judges_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)
    trials = [{BF16: 2.0, FP32: 1.0}, {BF16: 1.0, FP32: 2.0}]
    monkeypatch.setattr(precision, "measure", lambda: trials.pop(0))
    assert {choose_precision("auto", "cpu").dtype for _ in range(3)} == {FP32}
    assert len(trials) == 1


def test_the_trial_times_both_types() -> None:
    assert all(seconds > 0 for seconds in precision.measure().values())
    assert set(precision.measure()) == {BF16, FP32}


@pytest.mark.parametrize("isa", ["AVX2", "AVX512_CORE"])
def test_a_processor_that_emulates_it_computes_in_fp32(isa: str) -> None:
    environment = os.environ | {"ONEDNN_MAX_CPU_ISA": isa}
    done = subprocess.run(
        [sys.executable, "-c", JUDGE],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    # Other processors do not know these names.
    is_x86 = platform.machine() in {"x86_64", "AMD64"}
    assert done.stdout.strip() == ("float32" if is_x86 else OWN)


@pytest.mark.parametrize(("emulates", "said"), [(False, "computes in it"), (True, "emulates it")])
def test_a_card_computes_in_bf16(
    monkeypatch: pytest.MonkeyPatch, *, emulates: bool, said: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: not emulates)
    assert judge_card().dtype is BF16
    assert said in choose_precision("auto", "cuda").reason


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("name", ["bfloat16", "float32"])
def test_what_the_operator_wants_is_done(device: str, name: str) -> None:
    chosen = choose_precision(name, device)
    assert (chosen.name, chosen.reason) == (name, "LOCAL_DTYPE says so")


@pytest.mark.parametrize("wanted", ["float16", "bf16", "FLOAT32", ""])
def test_another_type_is_refused(wanted: str) -> None:
    with pytest.raises(ValueError, match="LOCAL_DTYPE must be one of auto, bfloat16, float32, not"):
        Engine(Options(dtype=wanted))


def test_fp32_takes_twice_the_memory_of_bf16() -> None:
    narrow, wide = read_sizes(WEIGHTS, BF16), read_sizes(WEIGHTS, FP32)
    parts = [ZImagePipeline.from_pretrained(WEIGHTS, dtype=FP32).transformer]
    assert sum(one.nbytes for part in parts for one in part.parameters()) == wide.transformer
    assert (wide.all, wide.vae) == (2 * narrow.all, 2 * narrow.vae)
    free = narrow.all + 5 * 2**30
    assert choose_mode("auto", narrow, free).name == "none"
    assert choose_mode("auto", wide, free).name == "group"


# In emulation a picture takes seconds: the other type is tried where a branch more cannot hide a fault.
@pytest.mark.parametrize(("name", "guidance"), [(OWN, 0.0), (OWN, 2.0), (OTHER, 2.0)])
def test_result_equals_the_plain_pipelines_bit_by_bit(
    provider_of: Callable[[str], LocalProvider], name: str, guidance: float
) -> None:
    provider = provider_of(name)
    plain = ZImagePipeline.from_pretrained(WEIGHTS, dtype=getattr(torch, name))
    plain.set_progress_bar_config(disable=True)
    image = plain(
        prompt=PROMPT,
        negative_prompt="",
        width=128,
        height=128,
        num_inference_steps=2,
        guidance_scale=guidance,
        generator=torch.Generator("cpu").manual_seed(7),
    ).images[0]
    finished = provider.submit(work(cfg_scale=guidance))
    assert decode(finished) == [image]
    assert finished.facts["dtype"] == name
    parts = provider.engine.stock.parts
    assert parts is not None
    for part in (parts.transformer, parts.encoding.text_encoder, parts.decoder.vae):
        assert {one.dtype for one in part.parameters()} == {getattr(torch, name)}


def test_both_types_draw_the_same_picture_but_for_rounding(
    provider_of: Callable[[str], LocalProvider],
) -> None:
    finished = [provider_of(name).submit(work()) for name in (OWN, OTHER)]
    own, other = (decode(one)[0] for one in finished)
    assert own != other
    assert psnr_db(own, other) > 25
    assert psnr_db(own, draw(provider_of(OTHER), seeds=(8,))[0]) < 20
    # What `engine rerun` says of a picture that another type made.
    changed = find_changes(finished[0].facts, finished[1].facts)
    assert changed == {"dtype": (OWN, OTHER)}


def test_health_says_the_type_and_why(provider_of: Callable[[str], LocalProvider]) -> None:
    health = provider_of(OTHER).health()
    assert (health["dtype"], health["dtype_reason"]) == (OTHER, "LOCAL_DTYPE says so")
    assert provider_of(OWN).health()["dtype_reason"] == judge_processor().reason
    json.dumps(health)


def test_fp32_keeps_every_promise_of_the_engine(
    provider_of: Callable[[str], LocalProvider], tmp_path: Path
) -> None:
    provider = provider_of("float32")
    # A batch agrees with its members alone.
    works = [work(prompt=prompt, seeds=(seed,)) for seed, prompt in enumerate(PROMPTS[:3])]
    for one, outcome in zip(works, provider.submit_batch(works), strict=True):
        alone = draw(provider, prompt=one.spec.prompt, seeds=one.spec.seeds)
        assert psnr_db(decode(outcome)[0], alone[0]) >= 50  # type: ignore[arg-type]
    plain = draw(provider)
    # Custom weights come from their file and, the second time, from the pool; the folder's own come back.
    outlined = draw(provider, card=OUTLINED)
    assert outlined != plain
    assert draw(provider) == plain
    assert draw(provider, card=OUTLINED) == outlined
    assert draw(provider) == plain
    # A LoRA leaves no trace: not even the rounding of its adding and taking away.
    layer = "layers.0.attention.to_q"
    wide, deep = read_small()[f"{layer}.weight"].shape
    halves = {"A": torch.ones(2, deep) / 8, "B": torch.ones(wide, 2)}
    path = tmp_path / "ink.safetensors"
    save(path, {f"{layer}.lora_{half}.weight": weight for half, weight in halves.items()})
    inked = lying(SMALL, loras=(Lora("ink", str(path)),))
    assert draw(provider, card=inked, loras=(("ink", 1.0),)) != plain
    assert draw(provider, card=inked) == plain


def test_fp32_changes_nothing_outside_of_a_mask(
    provider_of: Callable[[str], LocalProvider],
) -> None:
    source = Image.new("RGB", (128, 128), (200, 30, 30))
    mask = Image.new("L", source.size, 0)
    ImageDraw.Draw(mask).rectangle((0, 0, 63, 127), fill=255)
    shown: list[bytes] = []

    def report(_: float, preview: object = None) -> None:
        assert callable(preview)
        shown.append(preview())

    provider = provider_of("float32")
    words = {"image": "art_1", "mask": "art_2", "source": source, "mask_picture": mask}
    (image,) = draw(provider, strength=1.0, report=report, **words)
    assert image.crop((64, 0, 128, 128)) == source.crop((64, 0, 128, 128))
    assert image.crop((0, 0, 64, 128)) != source.crop((0, 0, 64, 128))
    assert shown[0].startswith(b"\xff\xd8")


def test_embeddings_and_pool_count_what_fp32_takes(
    provider_of: Callable[[str], LocalProvider],
) -> None:
    provider = provider_of("float32")
    draw(provider, card=OUTLINED)
    engine = provider.engine
    draw(provider)
    sizes = read_sizes(WEIGHTS, FP32)
    held = len(list(engine.stock.pool))
    assert held >= 1
    assert engine.stock.pool.held_bytes == held * sizes.transformer
    (kept,) = {value.dtype for value in engine.embeddings._kept.values()}
    assert kept is FP32
