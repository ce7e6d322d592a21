"""The company's own GPU (or CPU): the engine behind the same interface as every vendor.

Whoever asks what this adapter can do imports it, in the web server, too: torch comes with the first that is made.
"""

from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from PIL import Image, ImageOps

from generation.engine.card import read_card
from generation.engine.errors import EngineError, OutOfMemoryError, PromptTooLongError
from generation.engine.pictures import Drawn, Picture
from generation.engine.pictures import Report as PictureReport
from generation.lesson import Lesson
from generation.providers.base import (
    AccountSettings,
    DrawsBatches,
    Finished,
    Made,
    NotMade,
    Pixels,
    Report,
    Work,
)
from generation.providers.errors import ProviderError, Stopped, Unsupported
from generation.providers.tuning import Taught, Tuner
from generation.spec import GenerationSpec, ModelCard

HALF_WHITE = 128


class LocalProvider(DrawsBatches):
    """Draws in this process; one process owns one device."""

    def __init__(self, account: AccountSettings) -> None:
        """Take the engine's options by name; see Options."""
        from generation.engine.engine import Engine  # noqa: PLC0415 (seconds, and half a gigabyte)
        from generation.engine.options import Options  # noqa: PLC0415

        super().__init__(account)
        self.engine = Engine(Options(**account.options))

    def warm(self, card: ModelCard) -> None:
        """Load the model and draw one step before the first order comes; raise EngineError when that fails."""
        self.engine.warm(card)

    def health(self) -> dict[str, Any]:
        """Return the card's state, if there is one, and what is loaded and how."""
        return {**read_card(), **self.engine.facts()}

    def batch_key(self, spec: GenerationSpec, card: ModelCard) -> Hashable | None:
        """Return what orders must have in common to be drawn at once; what leaves a choice to the engine runs alone,
        and fails."""
        if find_undecided(spec):
            return None
        return self.engine.batch_key(spec, card)

    def largest_batch(self, spec: GenerationSpec, card: ModelCard) -> int:
        """Return how many pictures like this one a batch may hold."""
        return self.engine.largest_batch(spec, card)

    def watched(self, stage: str) -> AbstractContextManager[None]:
        """Guard a stage: this process has one device, and a hang of it ends the process."""
        return self.engine.watchdog.stage(stage)

    def submit_batch(self, works: Sequence[Work]) -> list[Finished | Exception]:
        """Draw all pictures of all orders together, each from its own seed, reporting after each step."""
        for work in works:
            if name := find_undecided(work.spec):
                raise Unsupported(f"the engine decides no {name}: the order must say it")
        pictures = [pictures_of(work) for work in works]
        drawn = iter(self.engine.draw([picture for own in pictures for picture in own]))
        return [
            self._collect(work, [next(drawn) for _ in own])
            for work, own in zip(works, pictures, strict=True)
        ]

    def tune(self, card: ModelCard, lesson: Lesson, taught: Sequence[Taught]) -> Tuner:
        """Return a training of a LoRA on the model that is drawn with."""
        return self.engine.tune(card, lesson, taught)

    def explain(self, error: Exception) -> ProviderError:
        """Return what a training's error means."""
        return meaning_of(error)

    def _collect(self, work: Work, drawn: list[Drawn | Exception]) -> Finished | Exception:
        """Return what became of one order: what was drawn of it, or why nothing was."""
        errors = [outcome for outcome in drawn if isinstance(outcome, Exception)]
        if stopped := next((error for error in errors if isinstance(error, Stopped)), None):
            return stopped
        done = [outcome for outcome in drawn if isinstance(outcome, Drawn)]
        if not done:
            return meaning_of(errors[0])
        made, not_made = [], []
        facts = dict(done[0].facts)
        for position, (seed, outcome) in enumerate(zip(work.spec.seeds, drawn, strict=True)):
            if isinstance(outcome, Drawn):
                content = Pixels(partial(self._decode, outcome, position, facts))
                made.append(Made(position, content, seed))
            else:
                not_made.append(NotMade(position, code_of(outcome), seed=seed))
        return Finished(made, not_made, timings=done[0].timings, facts=facts)

    def _decode(self, drawn: Drawn, position: int, facts: dict[str, Any]) -> Image.Image:
        """Return a picture's pixels, noting among the order's facts when they came in tiles."""
        try:
            image = self.engine.decode(drawn)
        except OutOfMemoryError as error:
            raise meaning_of(error) from error
        if drawn.is_tiled:
            facts["tiled"] = sorted({*facts.get("tiled", ()), position})
        return image


def pictures_of(work: Work) -> list[Picture]:
    """Return the pictures of an order, whose progress counts together."""
    spec = work.spec
    size = (spec.width, spec.height)
    image = ImageOps.fit(work.image, size).convert("RGB") if work.image else None
    mask = ImageOps.fit(work.mask, size).convert("L").point(is_white) if work.mask else None
    reports = shared(work.report, spec.number)
    return [
        Picture(spec, work.card, seed, report, image, mask)
        for seed, report in zip(spec.seeds, reports, strict=True)
    ]


def find_undecided(spec: GenerationSpec) -> str:
    """Return the word that an order leaves to the vendor, as no offer of the engine does; empty: none."""
    said = {"steps": spec.steps, "cfg_scale": spec.cfg_scale, "seed": spec.seeds or None}
    return next((name for name, value in said.items() if value is None), "")


def is_white(value: int) -> int:
    """Return white for a mask's brighter half: a place is drawn anew or it is not."""
    return 255 if value >= HALF_WHITE else 0


def shared(report: Report, number: int) -> list[PictureReport]:
    """Return one report for each of several pictures; together they report the progress of all."""
    done = [0.0] * number

    def report_one(position: int, progress: float, preview: Callable[[], bytes] | None) -> None:
        # A picture that is drawn again, in a smaller batch, does not go back.
        done[position] = max(done[position], progress)
        report(sum(done) / number, preview if position == 0 else None)

    return [partial(report_one, position) for position in range(number)]


def code_of(error: Exception) -> str:
    """Return the stable code of what went wrong."""
    if isinstance(error, OutOfMemoryError):
        return "out_of_memory"
    if isinstance(error, PromptTooLongError):
        return "prompt_too_long"
    return "engine_unavailable" if isinstance(error, EngineError) else "generation_failed"


def meaning_of(error: Exception) -> ProviderError:
    """Return an engine's error as every adapter's."""
    if isinstance(error, ProviderError):
        return error
    params = {"limit": error.limit} if isinstance(error, PromptTooLongError) else {}
    meant = ProviderError(str(error) or repr(error), code=code_of(error), params=params)
    meant.__cause__ = error
    return meant
