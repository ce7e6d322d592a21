"""LoRAs on the small transformer: judged, worn as diffusers wears them, and taken off without a trace."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ZImagePipeline, ZImageTransformer2DModel
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import save_file

from generation.engine.loras import Adapters, LoraError, judge_lora
from generation.engine.precision import judge_processor
from generation.engine.small import WEIGHTS
from tests.engine.made_files import TRANSFORMER, read_state_of

pytestmark = pytest.mark.xdist_group("torch")

Weights = dict[str, torch.Tensor]
RANK, ALPHA = 3, 6
LAYER = "layers.0.attention.to_q"


def build() -> Any:
    pipeline = ZImagePipeline.from_pretrained(WEIGHTS, dtype=judge_processor().dtype)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.fixture(scope="module")
def pipeline() -> Any:
    """Shared: each test ends with every LoRA dropped."""
    return build()


@pytest.fixture
def adapters(pipeline: Any, files: dict[str, Path]) -> Iterator[Adapters]:
    adapters = Adapters(pipeline, files, most=2)
    yield adapters
    adapters.drop_all()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three random LoRAs by peft, saved by diffusers; one of the names peft itself would refuse."""
    folder = tmp_path_factory.mktemp("loras")
    made = {}
    for seed, name in enumerate(("outlines", "v1.5 水彩", "values")):
        torch.manual_seed(seed)
        transformer = ZImageTransformer2DModel.from_pretrained(WEIGHTS / "transformer")
        transformer.add_adapter(
            LoraConfig(
                r=RANK, lora_alpha=ALPHA, target_modules=["to_q", "w1"], init_lora_weights=False
            )
        )
        ZImagePipeline.save_lora_weights(
            folder,
            transformer_lora_layers=get_peft_model_state_dict(transformer),
            transformer_lora_adapter_metadata=transformer.peft_config["default"].to_dict(),
            weight_name=f"{seed}.safetensors",
        )
        made[name] = folder / f"{seed}.safetensors"
    return made


def draw(pipeline: Any) -> torch.Tensor:
    images: torch.Tensor = pipeline(
        "a red circle",
        width=128,
        height=128,
        num_inference_steps=1,
        guidance_scale=0.0,
        generator=torch.Generator().manual_seed(3),
        output_type="latent",
    ).images
    return images


@pytest.fixture(scope="module")
def plain() -> torch.Tensor:
    """What a pipeline draws that never saw a LoRA."""
    return draw(build())


def test_lora_is_worn_as_diffusers_wears_it(
    adapters: Adapters, files: dict[str, Path], plain: torch.Tensor
) -> None:
    adapters.use((("outlines", 0.8),))
    reference = build()
    path = files["outlines"]
    reference.load_lora_weights(str(path.parent), weight_name=path.name, adapter_name="one")
    reference.set_adapters(["one"], [0.8])
    assert torch.equal(draw(adapters.pipeline), draw(reference))
    assert not torch.equal(draw(adapters.pipeline), plain)


def test_nothing_worn_is_the_plain_model(adapters: Adapters, plain: torch.Tensor) -> None:
    adapters.use(())
    assert torch.equal(draw(adapters.pipeline), plain)
    adapters.use((("outlines", 1.0), ("values", -0.5)))
    assert not torch.equal(draw(adapters.pipeline), plain)
    adapters.use(())
    assert torch.equal(draw(adapters.pipeline), plain)
    adapters.use((("outlines", 0.0),))
    assert torch.equal(draw(adapters.pipeline), plain)


def test_dropped_loras_leave_no_trace(adapters: Adapters, plain: torch.Tensor) -> None:
    before = read_state_of(adapters.pipeline.transformer)
    adapters.use((("outlines", 1.0),))
    adapters.drop_all()
    after = read_state_of(adapters.pipeline.transformer)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(draw(adapters.pipeline), plain)


def test_what_is_worn_depends_on_this_order_alone(adapters: Adapters) -> None:
    adapters.use((("outlines", 0.5),))
    alone = draw(adapters.pipeline)
    adapters.use((("outlines", 0.5), ("v1.5 水彩", 0.7)))
    both = draw(adapters.pipeline)
    adapters.use((("v1.5 水彩", 2.0), ("values", 1.0)))
    others = draw(adapters.pipeline)
    adapters.use((("outlines", 0.5), ("v1.5 水彩", 0.7)))
    assert torch.equal(draw(adapters.pipeline), both)
    adapters.use((("outlines", 0.5),))
    assert torch.equal(draw(adapters.pipeline), alone)
    assert not torch.equal(both, alone)
    assert not torch.equal(both, others)


def test_each_is_loaded_once_and_the_least_recently_worn_goes(
    adapters: Adapters, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []
    load = adapters._load

    def count(name: str) -> str:
        loaded.append(name)
        return load(name)

    monkeypatch.setattr(adapters, "_load", count)
    for name in ("outlines", "v1.5 水彩", "outlines", "values", "outlines", "v1.5 水彩"):
        adapters.use(((name, 1.0),))
        assert len(adapters.loaded) <= 2
    assert loaded == ["outlines", "v1.5 水彩", "values", "v1.5 水彩"]
    # The oldest is wanted now: the other one makes room.
    adapters.use((("outlines", 1.0), ("values", 1.0)))
    assert loaded[4:] == ["values"]
    assert list(adapters.loaded) == ["outlines", "values"]
    layers = adapters.pipeline.transformer.peft_config
    assert set(layers) == set(adapters.loaded.values())


@pytest.mark.parametrize(
    ("worn", "sentence"),
    [
        ([("gone", 1.0)], "no LoRA 'gone': outlines, "),
        ([("outlines", float("nan"))], "cannot have the scale nan"),
        ([("outlines", 1.0), ("outlines", 1.0)], "stands in the order twice"),
        (
            [("outlines", 1.0), ("values", 1.0), ("v1.5 水彩", 1.0)],
            "3 LoRAs at once: 2 are allowed",
        ),
    ],
)
def test_order_that_cannot_be_worn_is_refused(
    adapters: Adapters, worn: list[tuple[str, float]], sentence: str
) -> None:
    with pytest.raises(LoraError, match=sentence):
        adapters.use(worn)
    assert not adapters.loaded


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("full"), RuntimeError("half a lora")])
def test_a_lora_that_breaks_off_leaves_no_trace(
    adapters: Adapters, plain: torch.Tensor, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    pipeline = adapters.pipeline
    load, before = pipeline.load_lora_into_transformer, read_state_of(pipeline.transformer).keys()

    def break_off(*args: Any, **words: Any) -> None:
        load(*args, **words)
        raise error

    adapters.use((("outlines", 1.0),))
    with monkeypatch.context() as patch:
        patch.setattr(type(pipeline), "load_lora_into_transformer", staticmethod(break_off))
        # Memory is somebody else's to free: see Engine.draw.
        kind = type(error) if isinstance(error, torch.OutOfMemoryError) else LoraError
        with pytest.raises(kind):
            adapters.use((("values", 1.0),))
    assert read_state_of(pipeline.transformer).keys() == before
    assert torch.equal(draw(pipeline), plain)
    assert not adapters.loaded


def test_a_lora_written_anew_under_its_name_is_loaded_anew(
    pipeline: Any, files: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "style.safetensors"
    adapters = Adapters(pipeline, {"style": path, **files})
    for name in ("outlines", "values"):
        path.unlink(missing_ok=True)
        path.hardlink_to(files[name])
        adapters.use((("style", 1.0),))
        seen = draw(pipeline)
        adapters.use(((name, 1.0),))
        assert torch.equal(seen, draw(pipeline))
    adapters.drop_all()


def to_comfy(weights: Weights) -> Weights:
    """ComfyUI's names: another prefix, and the strength as a tensor beside each layer."""
    found = {
        key.replace("transformer.", "diffusion_model.", 1): value for key, value in weights.items()
    }
    alphas = {key.replace("lora_A.weight", "alpha") for key in found if "lora_A" in key}
    return found | {key: torch.tensor(float(ALPHA)) for key in alphas}


def to_bare(weights: Weights) -> Weights:
    return {key.replace("diffusion_model.", ""): value for key, value in to_comfy(weights).items()}


def to_kohya(weights: Weights) -> Weights:
    """The names of kohya's scripts: underscores, down and up."""
    found = {}
    for key, value in to_bare(weights).items():
        layer, end = re.fullmatch(r"(.+?)\.(alpha|lora_..weight)", key).groups()  # type: ignore[union-attr]
        end = {"lora_A.weight": "lora_down.weight", "lora_B.weight": "lora_up.weight"}.get(end, end)
        found[f"lora_unet_{layer.replace('.', '_')}.{end}"] = value
    return found


def read(path: Path) -> tuple[Weights, dict[str, str]]:
    with safe_open(path, "pt") as file:
        return {key: file.get_tensor(key) for key in file.keys()}, file.metadata()  # noqa: SIM118


@pytest.mark.parametrize("rename", [to_comfy, to_bare, to_kohya])
def test_other_programs_names_are_the_same_lora(
    tmp_path: Path,
    pipeline: Any,
    files: dict[str, Path],
    plain: torch.Tensor,
    rename: Callable[[Weights], Weights],
) -> None:
    weights, _ = read(files["outlines"])
    save_file(rename(weights), tmp_path / "w")
    assert judge_lora(tmp_path / "w").layers == judge_lora(files["outlines"]).layers
    adapters = Adapters(pipeline, {"renamed": tmp_path / "w", **files})
    adapters.use((("outlines", 0.5),))
    known = draw(pipeline)
    adapters.use((("renamed", 0.5),))
    renamed = draw(pipeline)
    adapters.drop_all()
    # The alpha is multiplied elsewhere: the same LoRA up to BF16.
    distance = (renamed - known).abs().mean() / (known - plain).abs().mean()
    assert distance < 0.05


def test_report_of_a_lora(files: dict[str, Path]) -> None:
    report = judge_lora(files["outlines"])
    assert (report.layers, report.ranks) == (16, (RANK,))
    assert json.loads(json.dumps(report.to_json()))["ranks"] == [RANK]
    assert str(report).startswith(f"{files['outlines']}: LoRA of 16 layers, rank 3, ")


A, B = f"transformer.{LAYER}.lora_A.weight", f"transformer.{LAYER}.lora_B.weight"
GOOD = {A: torch.ones(2, 192), B: torch.ones(192, 2)}


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({}, "it holds no layer"),
        ({A: GOOD[A]}, "halves of shape"),
        ({B: GOOD[B]}, "halves of shape"),
        ({**GOOD, B: torch.ones(192, 3)}, "one rank from 1 to 512"),
        ({A: torch.ones(600, 192), B: torch.ones(192, 600)}, "one rank from 1 to 512"),
        ({A: torch.ones(0, 192), B: torch.ones(192, 0)}, "one rank from 1 to 512"),
        ({**GOOD, A: torch.ones(2, 192, 1, 1)}, "halves of shape"),
        ({**GOOD, "transformer.x.weight": torch.ones(2)}, "is no half of a layer"),
        ({**GOOD, f"transformer.{LAYER}.dora_scale": torch.ones(2)}, "is no half of a layer"),
        ({f"diffusion_model.{LAYER}.lokr_w1": torch.ones(2, 2)}, "make no layer"),
        ({**GOOD, A: torch.ones(2, 192).to(torch.float8_e4m3fn)}, "is of type F8_E4M3"),
    ],
)  # fmt: skip
def test_what_is_no_lora_is_refused(tmp_path: Path, weights: Weights, sentence: str) -> None:
    save_file(weights, tmp_path / "w")
    with pytest.raises(LoraError, match=sentence):
        judge_lora(tmp_path / "w")


def test_whole_transformer_is_no_lora() -> None:
    with pytest.raises(LoraError, match="not a LoRA"):
        judge_lora(TRANSFORMER)


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({k.replace("to_q", "to_x"): v for k, v in GOOD.items()}, "made for another model: 1 of its 1"),
        ({A: torch.ones(2, 320), B: torch.ones(320, 2)}, "made for another model"),
        ({k.replace("transformer.", "text_encoder."): v for k, v in GOOD.items()}, "only the transf"),
        ({k: v.clone().fill_(float("nan")) for k, v in GOOD.items()}, "no numbers"),
        (
            {A: torch.ones(20, 192), B: torch.ones(192, 20)}
            | {k.removeprefix("transformer."): v for k, v in GOOD.items()},
            "stands in it twice",
        ),
    ],
)  # fmt: skip
def test_strange_lora_is_refused_and_the_next_one_is_worn(
    tmp_path: Path, pipeline: Any, files: dict[str, Path], weights: Weights, sentence: str
) -> None:
    save_file(weights, tmp_path / "w")
    adapters = Adapters(pipeline, {"strange": tmp_path / "w", **files})
    with pytest.raises(LoraError, match=f"LoRA 'strange': .*{sentence}"):
        adapters.use((("strange", 1.0),))
    adapters.use((("outlines", 1.0),))
    assert len(adapters.loaded) == 1
    adapters.drop_all()


def test_only_the_strength_of_a_files_configuration_counts(
    tmp_path: Path, pipeline: Any, files: dict[str, Path]
) -> None:
    weights, metadata = read(files["outlines"])
    config = json.loads(metadata["lora_adapter_metadata"])
    assert (config["transformer.r"], config["transformer.lora_alpha"]) == (RANK, ALPHA)
    config |= {
        # peft would look for files of the one, and search by the other for ever.
        "transformer.init_lora_weights": "corda",
        "transformer.corda_config": {"cache_file": "cache.pt", "covariance_file": "covariance.pt"},
        "transformer.target_modules": "(a*)*(a*)*(a*)*$",
        "transformer.unheard": 1,
    }
    save_file(weights, tmp_path / "w", {"lora_adapter_metadata": json.dumps(config)})
    adapters = Adapters(pipeline, {"odd": tmp_path / "w", **files})
    adapters.use((("odd", 1.0),))
    odd = draw(pipeline)
    adapters.use((("outlines", 1.0),))
    assert torch.equal(draw(pipeline), odd)
    adapters.drop_all()


@pytest.mark.parametrize(
    "config",
    ["{", "[" * 100_000, '{"transformer.r": "3"}', '{"transformer.rank_pattern": {"(a+)+$": 3}}'],
)
def test_configuration_that_is_none_is_refused(
    tmp_path: Path, pipeline: Any, files: dict[str, Path], config: str
) -> None:
    weights, _ = read(files["outlines"])
    save_file(weights, tmp_path / "w", {"lora_adapter_metadata": config})
    with pytest.raises(LoraError, match="its configuration"):
        Adapters(pipeline, {"odd": tmp_path / "w"}).use((("odd", 1.0),))
