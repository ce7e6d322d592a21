"""The Z-Image pipeline in BF16: one process owns one device and runs one picture at a time."""

import gc
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from diffusers import ZImagePipeline
from diffusers.utils import logging as diffusers_logging
from PIL import Image
from transformers.utils import logging as transformers_logging

from generation.engine.memory import choose_offload

logger = logging.getLogger(__name__)

# A worker's log is no terminal.
diffusers_logging.disable_progress_bar()
transformers_logging.disable_progress_bar()


class EngineError(Exception):
    """The model cannot be loaded; the message is for staff."""


class OutOfMemoryError(Exception):
    """The device has too little memory for this picture."""


@dataclass(frozen=True)
class Drawing:
    """What to draw. Sizes in pixels; `guidance` 0 runs no second branch."""

    folder: str
    prompt: str
    negative_prompt: str
    width: int
    height: int
    steps: int
    guidance: float


class Engine:
    """Keeps the loaded pipeline and draws with it. Not re-entrant, as diffusers pipelines are not."""

    def __init__(self, *, offload: str, threads: int) -> None:
        """Take the offload mode (auto, none, model, sequential) and the CPU threads (0: torch's choice)."""
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.offload_wanted = offload
        self.offload = "none"
        self.folder = ""
        self.pipeline: Any = None
        self.timings: dict[str, float] = {}
        if threads:
            torch.set_num_threads(threads)

    def load(self, folder: str) -> None:
        """Load a folder in the published layout unless it is loaded; raise EngineError when it cannot be."""
        if folder == self.folder:
            return
        started = time.perf_counter()
        self.folder, self.pipeline = "", None
        self._free()
        try:
            # Safetensors only: a pickle would run its author's code.
            pipeline = ZImagePipeline.from_pretrained(
                folder, dtype=torch.bfloat16, use_safetensors=True, local_files_only=True
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise EngineError(f"cannot load {folder}: {error}") from error
        pipeline.set_progress_bar_config(disable=True)
        self.offload = choose_offload(self.offload_wanted, folder)
        match self.offload:
            case "model":
                pipeline.enable_model_cpu_offload()
            case "sequential":
                pipeline.enable_sequential_cpu_offload()
            case _:
                # After an offload hook `.to` would undo it; so it stands here alone.
                pipeline.to(self.device)
        self.pipeline, self.folder = pipeline, folder
        self._note("load", started)
        logger.info("loaded %s on %s, offload %s", folder, self.device, self.offload)

    def draw(self, drawing: Drawing, *, seed: int, report: Callable[[float], None]) -> Image.Image:
        """Return one RGB picture; `report` gets 0 to 1 after each step, and what it raises stops the drawing.

        The noise comes from the picture's own seed on the CPU generator: the same seed gives the same picture on any
        device, and the same bytes on the same machine and versions.
        """
        self.load(drawing.folder)
        try:
            return self._draw(drawing, seed, report)
        except torch.OutOfMemoryError as error:
            self._free()
            raise OutOfMemoryError(
                f"{drawing.width}x{drawing.height}, {drawing.steps} steps"
            ) from error

    def _draw(self, drawing: Drawing, seed: int, report: Callable[[float], None]) -> Image.Image:
        started = time.perf_counter()
        with torch.inference_mode():
            # A fresh list for each call: encode_prompt writes into the one it gets.
            embeds, negative_embeds = self.pipeline.encode_prompt(
                prompt=[drawing.prompt],
                negative_prompt=[drawing.negative_prompt],
                do_classifier_free_guidance=drawing.guidance > 0,
                device=self.pipeline._execution_device,  # noqa: SLF001 (offload hooks decide it)
            )
        denoise_from = self._note("encode", started)
        last_step = denoise_from

        def after_step(_: Any, step: int, __: Any, values: dict[str, Any]) -> dict[str, Any]:
            nonlocal last_step
            last_step = time.perf_counter()
            report((step + 1) / drawing.steps)
            return values

        result = self.pipeline(
            prompt_embeds=embeds,
            negative_prompt_embeds=negative_embeds,
            width=drawing.width,
            height=drawing.height,
            num_inference_steps=drawing.steps,
            guidance_scale=drawing.guidance,
            generator=torch.Generator("cpu").manual_seed(seed),
            callback_on_step_end=after_step,
        )
        self.timings["denoise"] = self.timings.get("denoise", 0) + last_step - denoise_from
        self._note("decode", last_step)
        image: Image.Image = result.images[0]
        return image

    def take_timings(self) -> dict[str, float]:
        """Return the seconds by stage since the last call, and start anew."""
        taken, self.timings = self.timings, {}
        return {stage: round(seconds, 4) for stage, seconds in taken.items()}

    def facts(self) -> dict[str, str]:
        """Return what decided a picture besides its spec: device, mode and library versions."""
        libraries = {name: version(name) for name in ("torch", "diffusers", "transformers")}
        return {"device": self.device, "offload": self.offload, "dtype": "bfloat16", **libraries}

    def _note(self, stage: str, started: float) -> float:
        now = time.perf_counter()
        self.timings[stage] = self.timings.get(stage, 0) + now - started
        return now

    def _free(self) -> None:
        gc.collect()
        if self.device == "cuda":
            torch.cuda.empty_cache()
