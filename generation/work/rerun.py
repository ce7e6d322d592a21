"""Draw a task's pictures again, alone, and compare them with what was delivered. Writes nothing."""

import math
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image, ImageChops, ImageStat

from generation.accounts.adapters import device_of
from generation.models import Attempt, Output, Task, find_card
from generation.providers.base import Made, Pixels, Report, Work
from generation.providers.errors import ProviderError
from generation.spec import GenerationSpec
from generation.states import AttemptState
from generation.work.batch import open_inputs
from generation.work.finish import finish_spec
from storage.decoding import decode_own
from storage.labels import NONE
from storage.media import encode_picture
from storage.outputs import show_finished
from storage.services import open_picture

BRIGHTEST = 255


@dataclass(frozen=True)
class Again:
    """One picture drawn again: whether its pixels are those that were stored, and how near they are (dB).

    Of a format that loses something, after the same loss.
    """

    position: int
    seed: int
    image: Image.Image
    has_same_pixels: bool
    psnr_db: float
    # What decided the picture then and is another now: (then, now) by name.
    changed: Mapping[str, tuple[Any, Any]]


def draw_again(task_id: uuid.UUID, report: Report) -> Iterator[Again]:
    """Yield each delivered picture of a task, drawn again from its record; raise ProviderError when one cannot be."""
    attempts = Attempt.objects.select_related("task", "account")
    if Task.objects.filter(pk=task_id, step__gt=0).exists():
        raise ProviderError(
            "the steps of a chain are not drawn again: each starts from the one before"
        )
    attempt = attempts.get(task_id=task_id, state=AttemptState.SUCCEEDED)
    task = attempt.task
    spec = GenerationSpec.from_json(task.spec)
    card = find_card(attempt.account_id, task.model)
    inputs = open_inputs(spec, task.platform_id)
    device = device_of(attempt.account)
    if device is None:
        raise ProviderError(
            f"{attempt.account} made it: only the local engine draws the same again"
        )
    delivered = Output.objects.filter(task=task, artifact__isnull=False)
    for output in delivered.select_related("artifact").order_by("position"):
        assert output.seed is not None  # noqa: S101 (what draws here draws from seeds)
        alone = replace(spec, number=1, seeds=(output.seed,))
        finished = device.submit(Work(alone, card, report, **inputs))
        drawn = pixels_of(finished.made[0])
        artifact = output.artifact
        assert artifact is not None  # noqa: S101 (filtered)
        now = as_stored(drawn, spec)
        before = open_picture(artifact.pk, platform_id=task.platform_id)
        yield Again(
            output.position,
            output.seed,
            drawn,
            has_same_pixels=now.tobytes() == before.tobytes() and now.size == before.size,
            psnr_db=psnr_db(now, before),
            changed=find_changes(attempt.facts, finished.facts),
        )


def as_stored(drawn: Image.Image, spec: GenerationSpec) -> Image.Image:
    """Return what a stored picture of these pixels looks like; its bytes are never the same, since they are signed."""
    finish = finish_spec(spec, None)
    shown = show_finished(drawn, finish)
    return decode_own(encode_picture(shown, NONE, finish.form, finish.quality).data)


def pixels_of(made: Made) -> Image.Image:
    """Return what the engine has drawn."""
    assert isinstance(made.content, Pixels)  # noqa: S101 (it makes no files)
    return made.content.decode()


def find_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the facts that are others now."""
    return {
        name: (value, now.get(name)) for name, value in before.items() if now.get(name) != value
    }


def psnr_db(one: Image.Image, other: Image.Image) -> float:
    """Return the peak signal-to-noise ratio of two pictures; infinite when they are equal, 0 for other sizes."""
    if one.size != other.size:
        return 0.0
    squares = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).sum2
    error = sum(squares) / (3 * one.width * one.height)
    return math.inf if error == 0 else 10 * math.log10(BRIGHTEST**2 / error)
