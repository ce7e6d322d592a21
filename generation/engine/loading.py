"""From a model's card to its loaded parts: a folder in the published layout, never a pickle, never the network."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import ZImageImg2ImgPipeline, ZImageInpaintPipeline, ZImagePipeline
from diffusers.utils import logging as diffusers_logging
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from PIL import Image
from transformers.utils import logging as transformers_logging

from generation.engine.errors import EngineError
from generation.engine.memory import Mode, Visitor, place
from generation.spec import LocalModel, ModelCard
from genhub.lib.places import is_hub_id, is_revision

logger = logging.getLogger(__name__)

# A worker's log is no terminal.
diffusers_logging.disable_progress_bar()
transformers_logging.disable_progress_bar()

# What from_pretrained raises for a folder that is none, or that lacks a part.
UNLOADABLE = (OSError, ValueError, KeyError, RuntimeError)


@dataclass(frozen=True)
class LatentDecoder:
    """From latents to pixels, as the pipeline does at its end."""

    vae: Any
    processor: Any

    def to_pixels(self, latents: torch.Tensor) -> Image.Image:
        """Return the RGB picture of latents [channels, height / 8, width / 8]."""
        with torch.no_grad():
            latents = latents[None].to(self.vae.dtype)
            scaled = latents / self.vae.config.scaling_factor + self.vae.config.shift_factor
            decoded = self.vae.decode(scaled, return_dict=False)[0]
            image: Image.Image = self.processor.postprocess(decoded, output_type="pil")[0]
        return image


@dataclass(frozen=True)
class Parts:
    """One model's parts in the pipelines that share them, and where they live.

    The encoder has a pipeline of its own, so that it can live elsewhere and leave when it is not needed.
    """

    folder: Path
    mode: Mode
    encoding: Any
    from_noise: Any
    from_picture: Any
    inpainting: Any
    visitor: Visitor | None

    @property
    def transformer(self) -> Any:
        """Return the denoiser, which all pipelines share."""
        return self.from_noise.transformer

    @contextmanager
    def encoder_at_work(self) -> Iterator[Any]:
        """Have the encoder where it can work; yields that device."""
        if self.visitor:
            with self.visitor.visiting():
                yield self.visitor.device
            return
        try:
            # The offload hooks decide it.
            yield self.encoding._execution_device  # noqa: SLF001
        finally:
            self.encoding.maybe_free_model_hooks()

    @property
    def decoder(self) -> LatentDecoder:
        """Return what makes pixels: all that must stay of these parts while a picture is decoded."""
        return LatentDecoder(self.from_noise.vae, self.from_noise.image_processor)


def local_of(card: ModelCard) -> LocalModel:
    """Return where a card's weights lie; raise EngineError for a card that does not say it."""
    if card.local and card.local.folder:
        return card.local
    raise EngineError(f"the model {card.alias} has no folder; its settings name one")


def find_folder(card: ModelCard) -> Path:
    """Return the folder of a card's model; a hub id is looked up among what the operator has downloaded.

    Raises EngineError when it is not there, and for a hub id without a pinned revision: a name may mean other weights
    tomorrow.
    """
    local = local_of(card)
    folder = Path(local.folder)
    if folder.is_dir():
        return folder
    if not is_hub_id(local.folder):
        raise EngineError(f"cannot load {local.folder}: there is no such folder")
    if not is_revision(local.revision):
        raise EngineError(f"cannot load {local.folder}: a hub id needs a revision of 40 hex digits")
    try:
        found = snapshot_download(local.folder, revision=local.revision, local_files_only=True)
    except (LocalEntryNotFoundError, HfHubHTTPError, ValueError, OSError) as error:
        raise EngineError(
            f"cannot load {local.folder} at {local.revision}: it is not in the local cache; "
            f"fetch it with: hf download {local.folder} --revision {local.revision}"
        ) from error
    return Path(found)


def load_parts(
    folder: Path,
    mode: Mode,
    device: str,
    dtype: torch.dtype,
    prepare: Callable[[Any], None] = lambda transformer: None,
) -> Parts:
    """Return a folder's parts in a type, placed as the mode says; raise EngineError when they cannot be loaded.

    `prepare` gets the transformer before it is placed: some modes take its weights away.
    """
    started = time.perf_counter()
    try:
        # Safetensors only: a pickle would run its author's code.
        whole = ZImagePipeline.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, local_files_only=True
        )
    except UNLOADABLE as error:
        raise EngineError(f"cannot load {folder}: {error}") from error
    if whole.transformer is None or whole.vae is None or whole.text_encoder is None:
        raise EngineError(f"cannot load {folder}: a part of the model is missing")
    prepare(whole.transformer)
    nothing = {"text_encoder": None, "tokenizer": None}
    core = {"scheduler": whole.scheduler, "vae": whole.vae, "transformer": whole.transformer}
    from_noise = ZImagePipeline(**core, **nothing)
    encoding = ZImagePipeline(
        scheduler=None,
        vae=None,
        transformer=None,
        text_encoder=whole.text_encoder,
        tokenizer=whole.tokenizer,
    )
    place(from_noise, encoding, mode.name, device)
    from_picture = ZImageImg2ImgPipeline(**core, **nothing)
    inpainting = ZImageInpaintPipeline(**core, **nothing)
    # It lists what a callback may see, its siblings do not: previews need the velocity.
    inpainting._callback_tensor_inputs = [*inpainting._callback_tensor_inputs, "noise_pred"]  # noqa: SLF001
    for pipeline in (from_noise, from_picture, inpainting):
        pipeline.set_progress_bar_config(disable=True)
    visitor = Visitor(whole.text_encoder, device) if mode.name == "resident" else None
    logger.info(
        "loaded %s in %s in %.1f s; offload %s: %s",
        folder,
        dtype,
        time.perf_counter() - started,
        mode.name,
        mode.reason,
    )
    return Parts(folder, mode, encoding, from_noise, from_picture, inpainting, visitor)
