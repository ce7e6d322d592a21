"""One batch: encode what is not known, denoise together, and let each picture end on its own."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import cache
from typing import Any

import torch

from generation.engine.captions import count_padded_tokens
from generation.engine.embeddings import EmbeddingCache
from generation.engine.errors import EngineError
from generation.engine.loading import Parts
from generation.engine.memory import keeps_decoder
from generation.engine.pictures import Drawn, Picture, is_guided
from generation.engine.previews import draw_preview
from generation.engine.stock import Stock
from generation.engine.watchdog import PATIENCE_LOADING, Watchdog
from generation.spec import USUAL_STRENGTH


class AllEnded(Exception):
    """Nobody waits for this batch any more."""


class Member:
    """A picture of a batch under way: its embeddings, its latents, and what ended it before the others."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.embedding: Any = None
        self.negative: Any = None
        self.latents: torch.Tensor | None = None
        self.ended: Exception | None = None


class Drawer:
    """Draws batches with the model in stock. Belongs to one thread."""

    def __init__(self, stock: Stock, embeddings: EmbeddingCache, watchdog: Watchdog) -> None:
        """Take what the engine keeps."""
        self.stock, self.embeddings, self.watchdog = stock, embeddings, watchdog
        # What the last batch did, or does: `load`, `encode` or `step`.
        self.stage = ""

    def draw(self, batch: list[Picture]) -> list[Drawn | Exception]:
        """Return what became of each picture of one batch key; out of memory and the like are raised for all."""
        spec, card = batch[0].spec, batch[0].card
        clock = Clock()
        with self._enter("load", patience=PATIENCE_LOADING):
            parts = self.stock.have(card, spec.width * spec.height)
            self.stock.wear(card, spec.loras)
            # Here, because the first look at a file of 12 GB takes half a minute; it has its own patience.
            self.watchdog.beat()
            described = self.stock.describe(card, spec.loras)
        clock.note("load")
        members = [Member(picture) for picture in batch]
        with torch.no_grad():
            with self._enter("encode"):
                self._encode(parts, members)
            clock.note("encode")
            live = [member for member in members if member.ended is None]
            with self._enter("step"):
                steps = self._denoise(parts, live)
                # A card works behind the calls: the first to ask for its numbers waits for the steps.
                for member in live:
                    check_finite(member)
            clock.note("denoise")
        facts = {
            **described,
            **self.stock.facts(),
            "batch_size": len(live),
            "steps_run": steps,
        }
        return [finished(member, parts, clock.seconds, facts) for member in members]

    def _enter(self, stage: str, patience: float = 1.0) -> AbstractContextManager[None]:
        self.stage = stage
        return self.watchdog.stage(stage, patience=patience)

    def _encode(self, parts: Parts, members: list[Member]) -> None:
        """Give each member its embeddings; the encoder comes for the first prompt that is new, and stays for all."""
        with ExitStack() as visit:
            come = cache(lambda: visit.enter_context(parts.encoder_at_work()))
            for member in members:
                spec = member.picture.spec
                try:
                    member.embedding = self._embed(parts, spec.prompt, come)
                    if is_guided(spec):
                        member.negative = self._embed(parts, spec.negative_prompt, come)
                except torch.OutOfMemoryError:
                    raise
                except Exception as error:  # noqa: BLE001 (what its words alone make fail ends it alone)
                    member.ended = error
                self.watchdog.beat()

    def _embed(self, parts: Parts, prompt: str, come: Callable[[], Any]) -> torch.Tensor:
        """Return a prompt's embedding; `come` has the encoder where it can work and returns that device."""

        found: torch.Tensor = self.embeddings.get(
            self.stock.encoder, prompt, lambda: encode(parts, prompt, come())
        )
        return found.to(self.stock.device)

    def _denoise(self, parts: Parts, members: list[Member]) -> int:
        """Give each member that lives on its latents; return how many steps were run."""
        if not members:
            return 0
        first = members[0].picture
        spec = first.spec
        words: dict[str, Any] = {
            "prompt_embeds": [member.embedding for member in members],
            "negative_prompt_embeds": [
                member.negative for member in members if member.negative is not None
            ],
            "width": spec.width,
            "height": spec.height,
            "num_inference_steps": spec.steps,
            "guidance_scale": spec.cfg_scale,
            # On the CPU, one for each picture: its seed alone decides its noise, on any device and in any batch.
            "generator": [
                torch.Generator("cpu").manual_seed(member.picture.seed) for member in members
            ],
            "output_type": "latent",
            "callback_on_step_end": self._stepper(parts, members),
            "callback_on_step_end_tensor_inputs": ["latents", "noise_pred"],
        }
        pipeline = parts.from_noise
        if first.image is not None:
            pipeline = parts.from_picture
            words |= {"image": first.image, "strength": spec.strength or USUAL_STRENGTH}
        if first.mask is not None:
            pipeline = parts.inpainting
            words |= {"mask_image": first.mask}
        try:
            latents = pipeline(**words).images
        except AllEnded:
            return 0
        finally:
            # The pipeline itself does so only at its own end, and only the one that placed the parts.
            parts.from_noise.maybe_free_model_hooks()
        for member, own in zip(members, latents, strict=True):
            member.latents = own
        return int(pipeline.num_timesteps)

    def _stepper(self, parts: Parts, members: list[Member]) -> Callable[..., dict[str, Any]]:
        shows, decoder = keeps_decoder(parts.mode.name), parts.decoder

        def after_step(pipeline: Any, step: int, _: Any, values: dict[str, Any]) -> dict[str, Any]:
            self.watchdog.beat()
            scheduler = pipeline.scheduler
            # Where this step's velocity leads to: a picture from the first step on, not noise.
            sigma = scheduler.sigmas[scheduler.step_index]
            clean = values["latents"] - sigma * values["noise_pred"]
            for member, own in zip(members, clean, strict=True):
                if member.ended is not None:
                    continue
                # Where the decoder is away, to fetch it would cost more than the step.
                preview = draw_preview(decoder, own) if shows else None
                try:
                    member.picture.report((step + 1) / pipeline.num_timesteps, preview)
                except Exception as error:  # noqa: BLE001 (the member's outcome carries it)
                    member.ended = error
            if all(member.ended for member in members):
                raise AllEnded
            return {}

        return after_step


def encode(parts: Parts, prompt: str, device: Any) -> torch.Tensor:
    """Return a prompt's embedding [tokens, width] by the encoder, which is at work on that device."""
    # A fresh list for each call: the pipeline writes into the one it gets. Padded no further than the
    # transformer pads: the same bits as at 512 tokens, for an eighth of the work.
    embeddings, _ = parts.encoding.encode_prompt(
        prompt=[prompt],
        do_classifier_free_guidance=False,
        device=device,
        max_sequence_length=count_padded_tokens(parts.folder, prompt),
    )
    made: torch.Tensor = embeddings[0]
    return made


class Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def note(self, stage: str) -> None:
        """Count what passed since the last note to a stage."""
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._last, 4)
        self._last = now


def check_finite(member: Member) -> None:
    """End a member whose latents overflowed: it would be a black picture, delivered and paid."""
    if member.ended is None and not bool(torch.isfinite(member.latents).all()):
        member.ended = EngineError("the latents are not finite: these weights overflow")


def finished(
    member: Member, parts: Parts, seconds: dict[str, float], facts: dict[str, Any]
) -> Drawn | Exception:
    """Return what became of a member."""
    if member.ended is not None or member.latents is None:
        return member.ended or EngineError("the batch ended without this picture")
    ready = torch.cuda.Event() if member.latents.is_cuda else None
    if ready:
        ready.record()
    return Drawn(member.picture, parts.decoder, member.latents, dict(seconds), facts, ready)
