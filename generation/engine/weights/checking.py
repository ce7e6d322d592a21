"""Whether the engine would take a model's weights: what operators ask before they enter a model."""

from dataclasses import dataclass
from typing import Any

from generation.engine.errors import EngineError
from generation.engine.loading import find_folder
from generation.engine.loras import LoraError, judge_lora
from generation.engine.weights.files import WeightsError, hash_file
from generation.engine.weights.folders import check_folder, read_shapes
from generation.engine.weights.loading import check_values, judge_weights
from generation.engine.weights.report import WeightsRefused, WeightsReport
from generation.spec import ModelCard


@dataclass(frozen=True)
class Verdict:
    """What came of a check: the text for people, the facts for programs; `reason` is empty when all is taken."""

    text: str
    facts: dict[str, Any]
    reason: str = ""


def check_card(card: ModelCard, threshold: float) -> Verdict:
    """Judge a card's weights files and LoRAs over its folder's configuration; without any, the folder's own weights."""
    try:
        folder = find_folder(card)
        if card.weights or card.loras:
            return _check_files(card, read_shapes(folder), threshold)
        found = check_folder(folder)
    except WeightsRefused as error:
        return Verdict("", {"report": error.report.to_json()}, f"{error}{_hint(card)}")
    except (EngineError, WeightsError, LoraError) as error:
        return Verdict("", {}, str(error))
    facts = {
        "sha256": {str(path): hash_file(path) for path in found.taken},
        "ignored": [str(path) for path in found.ignored],
    }
    return Verdict(str(found), facts)


def _check_files(card: ModelCard, shapes: dict[str, tuple[int, ...]], threshold: float) -> Verdict:
    report: WeightsReport | None = None
    if card.weights:
        report = judge_weights(card.weights, shapes)
        report.require(threshold)
        check_values(card.weights, shapes)
    loras = [judge_lora(lora.file) for lora in card.loras]
    files = [*card.weights, *(lora.file for lora in card.loras)]
    facts = {
        "report": report and report.to_json(),
        "loras": [lora.to_json() for lora in loras],
        "sha256": {file: hash_file(file) for file in files},
    }
    return Verdict("\n".join(str(found) for found in (report, *loras) if found), facts)


def _hint(card: ModelCard) -> str:
    """Say so where a LoRA was given for weights."""
    try:
        return "".join(f"\n{judge_lora(file)}: name it among the LoRAs" for file in card.weights)
    except LoraError:
        return ""
