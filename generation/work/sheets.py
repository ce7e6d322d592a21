"""The sample sheet of a training: standard prompts from the same seed, drawn without the LoRA and with it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import transaction

from generation.life import trainings
from generation.life.trainings import TrainingClaim
from generation.models.training import TRAINER
from generation.providers.base import DrawsBatches, Finished, Pixels, Work
from generation.providers.errors import ProviderError, Stopped
from generation.spec import GenerationSpec, LocalModel, Lora, ModelCard
from genhub.lib.connections import release_connection
from genhub.platforms.house import find_house
from storage.content import Finish
from storage.outputs import save_output
from storage.services import record_artifact
from templates.sheets import PROMPTS, SEED

# Of the standard prompts; the trigger alone comes first.
STANDARD: Final = 3
NAME: Final = "trained"


@dataclass(frozen=True)
class Wish:
    """A picture of the sheet."""

    prompt: str
    worn: bool


def list_wishes(trigger: str) -> Iterator[Wish]:
    """Yield the pictures of a sheet in their order: of each prompt the one without the LoRA, then the one with it."""
    for prompt in (trigger, *(f"{trigger}, {prompt}" for prompt in PROMPTS[:STANDARD])):
        yield from (Wish(prompt, worn=False), Wish(prompt, worn=True))


def draw(claim: TrainingClaim, device: DrawsBatches, must_leave: Callable[[], bool]) -> bool:
    """Draw what the sheet lacks; False when something else comes first. Raise LeaseLost, or what went wrong."""
    wishes = list(list_wishes(claim.trigger))
    for position in range(len(claim.samples), len(wishes)):
        made = draw_one(claim, device, wishes[position], must_leave)
        if made is None:
            return False
        keep(claim, position, wishes[position], made)
    return True


def draw_one(
    claim: TrainingClaim, device: DrawsBatches, wish: Wish, must_leave: Callable[[], bool]
) -> Pixels | None:
    """Return a picture of the sheet; None when an order comes first: it is drawn anew afterwards."""

    def report(done: float, preview: Any = None) -> None:
        trainings.write(claim)
        if must_leave():
            raise Stopped

    card = wearing(claim.card, claim.file)
    work = Work(spec_of(card, wish), card, report)
    release_connection()
    (outcome,) = device.submit_batch([work])
    if isinstance(outcome, Stopped):
        return None
    if isinstance(outcome, Exception):
        raise outcome
    return pixels_of(outcome)


def pixels_of(outcome: Finished) -> Pixels:
    """Return what was drawn; raise ProviderError where it is nothing."""
    for made in outcome.made:
        if isinstance(made.content, Pixels):
            return made.content
    raise ProviderError("a picture of the sample sheet was not drawn")


def keep(claim: TrainingClaim, position: int, wish: Wish, made: Pixels) -> None:
    """Store a picture of the sheet, labelled as every generated picture, and note it; raise LeaseLost."""
    house = find_house()
    stored = save_output(
        made.decode(),
        day=claim.day,
        owner=house.pk,
        attempt=claim.job_id,
        position=position,
        finish=Finish(model=claim.card.alias),
    )
    with transaction.atomic():
        artifact_id = record_artifact(stored, platform_id=house.pk, user=TRAINER)
        sample = {**vars(wish), "seed": SEED, "artifact": artifact_id.hex}
        trainings.note_sample(claim, sample)


def wearing(card: ModelCard, file: str) -> ModelCard:
    """Return a card that also has the LoRA of a file, which is worn only where it is asked for."""
    local = card.local or LocalModel()
    return replace(card, local=replace(local, loras=(*local.loras, Lora(NAME, file))))


def spec_of(card: ModelCard, wish: Wish) -> GenerationSpec:
    """Return a picture of the sheet as orders have it that say nothing else."""
    return GenerationSpec(
        media_type="image",
        model=card.alias,
        prompt=wish.prompt,
        negative_prompt=card.default_negative_prompt,
        width=card.default_width,
        height=card.default_height,
        steps=card.default_steps,
        cfg_scale=card.default_cfg_scale,
        seeds=(SEED,),
        loras=((NAME, 1.0),) if wish.worn else (),
    )
