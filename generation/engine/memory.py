"""How weights and memory are brought together, and what the card says of itself."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pynvml
import torch

# Activations, the decoder's peak at 1024 x 1024 and the allocator's slack, beside the weights.
HEADROOM_BYTES = 4 * 2**30
OFFLOAD_MODES = ("auto", "none", "model", "sequential")


def choose_offload(wanted: str, folder: str) -> str:
    """Return the offload mode: as wanted, or by the card's free memory; always `none` without a card."""
    if wanted not in OFFLOAD_MODES:
        raise ValueError(f"LOCAL_OFFLOAD must be one of {', '.join(OFFLOAD_MODES)}, not {wanted!r}")
    if not torch.cuda.is_available():
        return "none"
    if wanted != "auto":
        return wanted
    weights = sum(file.stat().st_size for file in Path(folder).rglob("*.safetensors"))
    free, _ = torch.cuda.mem_get_info()
    return "none" if free >= weights + HEADROOM_BYTES else "model"


def read_card() -> dict[str, Any]:
    """Return the first card's use (percent), memory (bytes) and temperature (°C); empty when there is no card.

    What a card does not tell (a slice of one, for example) is left out.
    """
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return {}
    readings: dict[str, Callable[[Any], Any]] = {
        "gpu_utilization": lambda card: pynvml.nvmlDeviceGetUtilizationRates(card).gpu,
        "memory_used": lambda card: pynvml.nvmlDeviceGetMemoryInfo(card).used,
        "memory_total": lambda card: pynvml.nvmlDeviceGetMemoryInfo(card).total,
        "temperature": lambda card: pynvml.nvmlDeviceGetTemperature(
            card, pynvml.NVML_TEMPERATURE_GPU
        ),
    }
    found = {}
    try:
        card = pynvml.nvmlDeviceGetHandleByIndex(0)
        for name, read in readings.items():
            with suppress(pynvml.NVMLError):
                found[name] = read(card)
    finally:
        pynvml.nvmlShutdown()
    return found
