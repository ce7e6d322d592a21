"""What the graphics card says of itself; a machine without one is a normal answer."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pynvml

logger = logging.getLogger(__name__)


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


def end_if_lost(device: str) -> None:
    """End this process when its card answers no more: leases and the supervisor do the rest.

    After an illegal access or a failed launch every later call of the process fails: it would fail the whole queue.
    """
    if device == "cpu":
        return
    try:
        import torch  # noqa: PLC0415 (it was imported long ago where a card can be lost)

        torch.cuda.synchronize()
    except RuntimeError:
        logger.critical(
            "the card answers this process no more: the worker ends itself", exc_info=True
        )
        os._exit(1)
