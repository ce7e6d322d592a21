"""What the graphics card says of itself; a machine without one is a normal answer."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pynvml


def read_card() -> dict[str, Any]:
    """Return the first card's use (percent), memory (bytes) and temperature (°C); empty when there is no card.

    What a card does not tell (a slice of one, for example) is left out.
    """
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return {}
    readings: dict[str, Callable[[Any], Any]] = {
        "gpu": pynvml.nvmlDeviceGetName,
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
