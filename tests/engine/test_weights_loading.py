"""Custom weights, LiuJuan's style: prefixes, layouts, halves and strangers, on the small transformer."""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ZImageTransformer2DModel

from generation.engine.small import WEIGHTS
from generation.engine.weights import (
    WeightsError,
    WeightsRefused,
    check_values,
    judge_weights,
    load_weights,
    read_shapes,
)
from tests.engine.made_files import TRANSFORMER, read_small, read_state_of, save, to_original

pytestmark = pytest.mark.xdist_group("torch")

Weights = dict[str, torch.Tensor]
SHAPES = read_shapes(WEIGHTS)
ALL = sum(weight.numel() for weight in read_small().values())


@pytest.fixture(scope="module")
def other() -> Any:
    """The small transformer with other values than the shipped ones, so that each copy shows."""
    model = ZImageTransformer2DModel.from_pretrained(WEIGHTS / "transformer", dtype=torch.bfloat16)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(1)
    return model


@pytest.fixture
def transformer(other: Any) -> Any:
    return deepcopy(other)


def are_equal(one: Weights, other: Weights) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def prefixed(prefix: str, weights: Weights) -> Weights:
    return {prefix + name: weight for name, weight in weights.items()}


def test_shapes_are_the_transformers() -> None:
    assert {name: tuple(weight.shape) for name, weight in read_small().items()} == SHAPES


@pytest.mark.parametrize(
    ("prefix", "removed"),
    [
        ("", ()),
        ("transformer.", ("transformer.",)),
        ("model.", ("model.",)),
        ("model.diffusion_model.", ("model.diffusion_model.",)),
        ("diffusion_model.", ("diffusion_model.",)),
        ("module.", ("module.",)),
        ("module.model.", ("module.", "model.")),
        ("module.module.", ("module.", "module.")),
        ("module.model.diffusion_model.", ("module.", "model.diffusion_model.")),
        ("model.transformer.module.", ("model.", "transformer.", "module.")),
        ("pipe.dit.", ("pipe.dit.",)),
        ("_orig_mod.", ("_orig_mod.",)),
        ("module._orig_mod.", ("_orig_mod.", "module.")),
        (
            "_fsdp_wrapped_module._orig_mod.model.",
            ("_orig_mod.", "_fsdp_wrapped_module.", "model."),
        ),
    ],
)
@pytest.mark.parametrize("layout", ["diffusers", "original"])
def test_every_prefix_and_layout_loads_to_the_same_bits(
    tmp_path: Path, transformer: Any, prefix: str, removed: tuple[str, ...], layout: str
) -> None:
    weights = read_small() if layout == "diffusers" else to_original(read_small())
    path = save(tmp_path / "w.safetensors", prefixed(prefix, weights))
    report = load_weights(transformer, [path])
    assert are_equal(read_state_of(transformer), read_small())
    assert [(s.file, s.layout, s.prefixes) for s in report.sources] == [
        (str(path), layout, removed)
    ]
    assert (len(report.matched), report.matched_parameters, report.share) == (133, ALL, 1.0)
    assert not report.missing + report.unexpected + report.wrong_shape + report.wrong_type
    assert judge_weights([path], SHAPES) == report


@pytest.mark.parametrize("layout", ["diffusers", "original"])
def test_names_of_compiled_blocks_are_their_own(
    tmp_path: Path, transformer: Any, layout: str
) -> None:
    weights = read_small() if layout == "diffusers" else to_original(read_small())
    wrapped = {
        re.sub(
            r"^(layers\.\d+)\.(.*?)(\w+)$", r"\1._orig_mod.\2_checkpoint_wrapped_module.\3", name
        ): weight
        for name, weight in weights.items()
    }
    assert wrapped.keys() != weights.keys()
    report = load_weights(transformer, [save(tmp_path / "w", wrapped)])
    assert are_equal(read_state_of(transformer), read_small())
    assert (report.share, report.unexpected) == (1.0, ())


@pytest.mark.parametrize("word", ["transformer", "model", "module", "model.diffusion_model"])
@pytest.mark.parametrize("layout", ["diffusers", "original"])
def test_prefix_word_in_mid_key_stays(
    tmp_path: Path, transformer: Any, word: str, layout: str
) -> None:
    weights = read_small() if layout == "diffusers" else to_original(read_small())
    # Without the word it would be a layer of the transformer: taken out of the middle, it would load.
    moved = weights.pop("layers.0.ffn_norm1.weight")
    path = save(tmp_path / "w", {**weights, f"layers.0.{word}.ffn_norm1.weight": moved})
    before = read_state_of(transformer)
    report = load_weights(transformer, [path])
    assert report.unexpected == (f"layers.0.{word}.ffn_norm1.weight",)
    assert report.missing == ("layers.0.ffn_norm1.weight",)
    name = "layers.0.ffn_norm1.weight"
    assert torch.equal(read_state_of(transformer)[name], before[name])


@pytest.mark.parametrize("prefix", ["model.", "model.diffusion_model.", "module.model."])
@pytest.mark.parametrize("layout", ["diffusers", "original"])
def test_names_that_lack_the_prefix_are_told_and_the_rest_loads(
    tmp_path: Path, transformer: Any, prefix: str, layout: str
) -> None:
    weights = read_small() if layout == "diffusers" else to_original(read_small())
    strays = {
        "iteration": torch.tensor(7),
        "model_ema.decay": torch.tensor(0.99),
        "optimizer.model.layers.0.ffn_norm1.weight": torch.ones(192),
    }
    report = load_weights(transformer, [save(tmp_path / "w", prefixed(prefix, weights) | strays)])
    assert are_equal(read_state_of(transformer), read_small())
    assert (report.share, "".join(report.sources[0].prefixes)) == (1.0, prefix)
    assert set(report.unexpected) == set(strays)


@pytest.mark.parametrize(("bearing", "is_removed"), [(0.85, False), (0.95, True)])
def test_prefix_is_removed_by_how_many_parameters_bear_it(
    tmp_path: Path, bearing: float, is_removed: bool
) -> None:
    weights = prefixed("model.", read_small())
    # One large stranger: a share of the numbers, not of the names.
    weights["other"] = torch.ones(round(ALL * (1 / bearing - 1)))
    report = judge_weights([save(tmp_path / "w", weights)], SHAPES)
    assert bool(report.sources[0].prefixes) == is_removed
    assert (report.share, len(report.unexpected)) == ((1.0, 1) if is_removed else (0.0, 134))


def test_of_two_tensors_of_one_name_the_one_with_the_prefix_is_taken(
    tmp_path: Path, transformer: Any
) -> None:
    # The library writes wider types first.
    twice = {**prefixed("module.", read_small()), "x_pad_token": torch.full((1, 192), 0.5)}
    report = load_weights(transformer, [save(tmp_path / "w", twice)])
    assert report.unexpected == ("x_pad_token",)
    assert are_equal(read_state_of(transformer), read_small())


def test_checkpoint_of_a_whole_pipeline_gives_its_transformer(
    tmp_path: Path, transformer: Any
) -> None:
    weights = {
        **prefixed("model.diffusion_model.", to_original(read_small())),
        "model.diffusion_model.norm_final.weight": torch.ones(3),
        "vae.decoder.conv_in.weight": torch.ones(3),
        "text_encoders.qwen3_4b.transformer.model.norm.weight": torch.ones(3),
    }
    report = load_weights(transformer, [save(tmp_path / "w", weights)])
    assert are_equal(read_state_of(transformer), read_small())
    assert (report.sources[0].layout, report.sources[0].set_aside) == ("original", 2)
    assert report.unexpected == ()


@pytest.mark.parametrize("source", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("own", [torch.float32, torch.bfloat16])
def test_values_are_cast_to_the_transformers_type(
    tmp_path: Path, transformer: Any, source: torch.dtype, own: torch.dtype
) -> None:
    transformer.to(own)
    weights = {name: weight.to(source) for name, weight in read_small().items()}
    load_weights(transformer, [save(tmp_path / "w", weights)])
    wanted = {name: weight.to(own) for name, weight in weights.items()}
    assert are_equal(read_state_of(transformer), wanted)


def test_shards_are_one_model_and_the_later_file_wins(tmp_path: Path, transformer: Any) -> None:
    names = list(read_small())
    first = {name: read_small()[name] for name in names[:80]}
    second = prefixed("transformer.", {name: read_small()[name] for name in names[70:]})
    second["transformer." + names[75]] = torch.full_like(read_small()[names[75]], 0.25)
    files = [save(tmp_path / "1", first), save(tmp_path / "2", second)]
    report = load_weights(transformer, files)
    assert report.share == 1.0
    assert [source.prefixes for source in report.sources] == [(), ("transformer.",)]
    wanted = {**read_small(), names[75]: second["transformer." + names[75]]}
    assert are_equal(read_state_of(transformer), wanted)


def test_half_a_file_is_refused_and_changes_nothing(tmp_path: Path, transformer: Any) -> None:
    names = list(read_small())
    path = save(tmp_path / "w", {name: read_small()[name] for name in names[:70]})
    before = read_state_of(transformer)
    with pytest.raises(WeightsRefused, match=r"only \d.* % of the transformer's") as caught:
        load_weights(transformer, [path])
    assert are_equal(read_state_of(transformer), before)
    report = caught.value.report
    assert (len(report.matched), len(report.missing)) == (70, 63)
    assert 0.3 < report.share < 0.95
    load_weights(transformer, [path], threshold=report.share)
    after = read_state_of(transformer)
    assert are_equal({n: after[n] for n in names[:70]}, {n: read_small()[n] for n in names[:70]})
    assert are_equal({n: after[n] for n in names[70:]}, {n: before[n] for n in names[70:]})


def test_wrong_shapes_and_types_are_told_and_keep_their_values(
    tmp_path: Path, transformer: Any
) -> None:
    weights = read_small()
    weights["x_pad_token"] = torch.ones(1, 100)
    weights["layers.0.ffn_norm1.weight"] = torch.ones(192).to(torch.float8_e4m3fn)
    before = read_state_of(transformer)
    report = load_weights(transformer, [save(tmp_path / "w", weights)])
    assert [str(fault) for fault in report.wrong_shape] == [
        "x_pad_token [1, 100] instead of [1, 192]"
    ]
    assert [str(fault) for fault in report.wrong_type] == ["layers.0.ffn_norm1.weight F8_E4M3"]
    assert (len(report.matched), report.missing) == (131, ())
    after = read_state_of(transformer)
    for name in ("x_pad_token", "layers.0.ffn_norm1.weight"):
        assert torch.equal(after[name], before[name])


@pytest.mark.parametrize("sides", [(576,), (577, 192), (4, 192), (575, 192), (3, 192)])
def test_fused_tensor_of_a_wrong_size_is_told(tmp_path: Path, sides: tuple[int, ...]) -> None:
    weights = to_original(read_small())
    weights["layers.0.attention.qkv.weight"] = torch.ones(sides)
    report = judge_weights([save(tmp_path / "w", weights)], SHAPES)
    lost = {f"layers.0.attention.to_{letter}.weight" for letter in "qkv"}
    assert set(SHAPES) - set(report.matched) >= lost & {fault.name for fault in report.wrong_shape}
    assert report.wrong_shape or report.unexpected == ("layers.0.attention.qkv.weight",)
    assert len(report.matched) < 133


def test_parameter_that_a_file_holds_twice_is_taken_once(tmp_path: Path, transformer: Any) -> None:
    name = "layers.0.attention.to_q.weight"
    # The library writes wider types first.
    twice = {**to_original(read_small()), name: torch.full((192, 192), 0.5)}
    report = load_weights(transformer, [save(tmp_path / "w", twice)])
    assert (report.share, report.unexpected) == (1.0, ("layers.0.attention.qkv.weight",))
    wanted = {**read_small(), name: twice[name].to(torch.bfloat16)}
    assert are_equal(read_state_of(transformer), wanted)


def stable_diffusion_xl() -> Weights:
    """Some names of an SDXL checkpoint."""
    model = "model.diffusion_model."
    return {
        f"{model}input_blocks.0.0.weight": torch.ones(320, 4, 3, 3),
        f"{model}time_embed.0.weight": torch.ones(1280, 320),
        f"{model}out.2.weight": torch.ones(4, 320, 3, 3),
        "conditioner.embedders.0.transformer.text_model.final_layer_norm.weight": torch.ones(768),
        "first_stage_model.decoder.conv_in.weight": torch.ones(512, 4, 3, 3),
    }


def larger_z_image() -> Weights:
    """The right names, from a transformer twice as wide."""
    return {name: torch.cat([weight, weight]) for name, weight in read_small().items()}


@pytest.mark.parametrize("family", [stable_diffusion_xl, larger_z_image, dict])
def test_wrong_family_is_refused_with_the_report(
    tmp_path: Path, transformer: Any, family: Callable[[], Weights]
) -> None:
    before = read_state_of(transformer)
    with pytest.raises(WeightsRefused, match="only 0 % of the transformer's") as caught:
        load_weights(transformer, [save(tmp_path / "w", family())])
    assert caught.value.report.matched == ()
    assert "only 0 %" in str(caught.value)
    assert "missing" in str(caught.value)
    assert are_equal(read_state_of(transformer), before)


def test_no_file_is_refused(transformer: Any) -> None:
    with pytest.raises(WeightsRefused):
        load_weights(transformer, [])


def test_values_that_are_no_numbers_are_found_before_they_are_used(
    tmp_path: Path, transformer: Any
) -> None:
    weights = to_original(read_small())
    weights["layers.3.attention.qkv.weight"][5, 5] = float("nan")
    path = save(tmp_path / "w", weights)
    for load in (lambda: check_values([path], SHAPES), lambda: load_weights(transformer, [path])):
        with pytest.raises(WeightsError, match=r"layers\.3\.attention\.qkv\.weight holds values"):
            load()
    check_values([TRANSFORMER], SHAPES)


def test_transformer_without_weights_in_memory_is_not_loaded_into() -> None:
    config = ZImageTransformer2DModel.load_config(WEIGHTS / "transformer")
    with torch.device("meta"):
        transformer = ZImageTransformer2DModel.from_config(config)
    with pytest.raises(WeightsError, match="not in memory"):
        load_weights(transformer, [TRANSFORMER])


def test_report_is_readable_by_people_and_programs(tmp_path: Path) -> None:
    weights = read_small()
    weights["x_pad_token"] = torch.ones(7)
    weights |= {f"extra.{n}": torch.ones(1) for n in range(8)}
    report = judge_weights([save(tmp_path / "w", prefixed("module.", weights))], SHAPES)
    text = str(report)
    assert f"{tmp_path / 'w'}: 141 tensors, diffusers names, prefixes removed: module." in text
    assert "matched      132 tensors, 5,130,112 of 5,130,304 parameters (99.99 %)" in text
    assert "missing      0" in text
    assert "8: module.extra.0, module.extra.1" in text
    assert "and 3 more" in text
    assert "1: x_pad_token [7] instead of [1, 192]" in text
    values = json.loads(json.dumps(report.to_json()))
    assert (values["matched"], len(values["unexpected"])) == (132, 8)
    assert values["wrong_shape"] == [{"name": "x_pad_token", "shape": [7], "wanted": [1, 192]}]
    assert values["share"] == pytest.approx(0.99996, abs=1e-5)
