"""Whether the engine would take a model's weights: what operators ask before they enter a model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diffusers import ZImagePipeline

from generation.engine.errors import EngineError
from generation.engine.loading import find_folder, local_of
from generation.engine.loras import Adapters, LoraError, LoraReport, is_lora, judge_lora
from generation.engine.weights.files import WeightsError, hash_file
from generation.engine.weights.folders import build_empty, check_folder, read_shapes
from generation.engine.weights.loading import check_values, judge_weights
from generation.engine.weights.report import WeightsRefused, WeightsReport
from generation.spec import LocalModel, Lora, ModelCard


@dataclass(frozen=True)
class Verdict:
    """What came of a check: the text for people, the facts for programs; `reason` is empty when all is taken."""

    text: str
    facts: dict[str, Any]
    reason: str = ""


def check_files(card: ModelCard, files: Sequence[str], threshold: float) -> Verdict:
    """Judge files over a card's folder in place of the card's own; what a file holds makes it weights or a LoRA."""
    try:
        loras = tuple(Lora(file, file) for file in files if is_lora(file))
    except WeightsError as error:
        return Verdict("", {}, str(error))
    worn = {lora.file for lora in loras}
    weights = tuple(file for file in files if file not in worn)
    local = replace(card.local or LocalModel(), weights=weights, loras=loras)
    return check_card(replace(card, local=local), threshold)


def check_card(card: ModelCard, threshold: float) -> Verdict:
    """Judge a card's weights files and LoRAs over its folder's configuration; without any, the folder's own weights."""
    base = ""
    try:
        folder = find_folder(card)
        found = check_folder(folder)
        local = local_of(card)
        if local.weights or local.loras:
            base = f"\nbase model: {folder}"
            verdict = _check_files(local, folder, threshold)
            return replace(verdict, text=verdict.text + base)
    except WeightsRefused as error:
        return Verdict("", {"report": error.report.to_json()}, f"{error}{_hint(card)}{base}")
    except (EngineError, WeightsError, LoraError) as error:
        return Verdict("", {}, f"{error}{base}")
    facts = {
        "sha256": {str(path): hash_file(path) for path in found.taken},
        "ignored": [str(path) for path in found.ignored],
    }
    return Verdict(str(found), facts)


def _check_files(local: LocalModel, folder: Path, threshold: float) -> Verdict:
    report: WeightsReport | None = None
    if local.weights:
        shapes = read_shapes(folder)
        report = judge_weights(local.weights, shapes)
        report.require(threshold)
        check_values(local.weights, shapes)
    loras = [judge_lora(lora.file) for lora in local.loras]
    _wear_each(loras, folder)
    files = [*local.weights, *(lora.file for lora in local.loras)]
    facts = {
        "report": report and report.to_json(),
        "loras": [lora.to_json() for lora in loras],
        "sha256": {file: hash_file(file) for file in files},
    }
    return Verdict("\n".join(str(found) for found in (report, *loras) if found), facts)


def _wear_each(loras: Sequence[LoraReport], folder: Path) -> None:
    """Wear each as the engine does, on a transformer without weights; raise LoraError for one that it would refuse."""
    if not loras:
        return
    nothing = dict.fromkeys(("scheduler", "vae", "text_encoder", "tokenizer"))
    pipeline = ZImagePipeline(transformer=build_empty(folder), **nothing)
    adapters = Adapters(pipeline, {lora.file: lora.file for lora in loras})
    for lora in loras:
        adapters.use([(lora.file, 1.0)])


def _hint(card: ModelCard) -> str:
    """Say so where a LoRA was given for weights."""
    try:
        files = local_of(card).weights
        return "".join(f"\n{judge_lora(file)}: name it among the LoRAs" for file in files)
    except LoraError:
        return ""
