"""How pictures of trainings and their states are shown."""

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generation.admin.words import Picture, size_of
from generation.models import TrainingJob
from genhub.admin.pages import on_this_site
from genhub.admin.show import badge
from genhub.platforms.house import find_house
from storage.selectors import find_pictures, sign_download, sign_link

State = TrainingJob.State
COLOURS: Final = {
    State.WAITING: "info",
    State.RUNNING: "primary",
    State.DONE: "success",
    State.FAILED: "danger",
    State.STOPPED: "warning",
}
# Of failures: what staff can do about each.
WHY: Final = {
    "out_of_memory": _("The card has too little memory for it. Train again with a smaller resolution, batch size or rank."),
    "engine_unavailable": _("The model could not be loaded or trained on its worker."),
    "prompt_too_long": _("A caption has more tokens than the model reads (512). Shorten it and train anew."),
    "picture_gone": _("One of its pictures is gone. Train anew with those that are left."),
    "not_written": _("The LoRA could not be written: look at LORA_FOLDER on the worker, then start it again."),
    "quarantined": _("It ended several workers, one after the other. Look at their logs before you start it again."),
    "provider_unsupported": _("The model's provider trains nothing."),
}  # fmt: skip
UNKNOWN: Final = _("Something went wrong; the worker's log tells more.")


def state_badge(job: TrainingJob) -> Any:
    """Return a training's state as a coloured word."""
    return badge(job.get_state_display(), COLOURS[State(job.state)])


def show_pictures(artifact_ids: Iterable[uuid.UUID]) -> dict[str, Picture]:
    """Return pictures of the house that are there by the digits of their ids, with fresh signed links."""
    return {
        row.pk.hex: Picture(
            position=0,
            seed=None,
            link=on_this_site(sign_link(row)),
            thumbnail=on_this_site(sign_link(row, thumbnail=True)),
            size=size_of(row),
            failure="",
            artifact_id=row.pk,
            download=on_this_site(sign_download(row)),
        )
        for row in find_pictures(find_house().pk, artifact_ids)
    }


def pair_samples(job: TrainingJob) -> list[dict[str, Any]]:
    """Return the sample sheet: each prompt with its picture without the LoRA and the one with it, as far as drawn."""
    pictures = show_pictures(uuid.UUID(one["artifact"]) for one in job.samples)
    pairs: dict[str, dict[str, Any]] = {}
    for one in job.samples:
        cell = pairs.setdefault(
            one["prompt"], {"prompt": one["prompt"], "plain": None, "worn": None}
        )
        cell["worn" if one["worn"] else "plain"] = pictures.get(one["artifact"])
    return list(pairs.values())


def draw_chart(points: list[list[float]]) -> str:
    """Return the loss over the steps, as the admin theme's component takes it; empty while a line lacks its end."""
    if len(points) < 2:  # noqa: PLR2004 (ends of a line)
        return ""
    line = {
        "label": gettext("Loss"),
        "data": [loss for _step, loss in points],
        "borderColor": "var(--color-primary-600)",
        "displayYAxis": True,
        "maxTicksXLimit": 10,
        "pointRadius": 0,
    }
    return json.dumps({"labels": [f"{step:.0f}" for step, _loss in points], "datasets": [line]})


def word_failure(job: TrainingJob) -> Any:
    """Return why a training failed, in the reader's language."""
    return WHY.get(job.error_code, UNKNOWN)


def progress_of(job: TrainingJob, samples: int) -> Mapping[str, Any]:
    """Return what a training does, in words, and how far it is in percent; so many pictures are on its sheet."""
    if job.state == State.WAITING:
        return {
            "percent": percent(job.step, job.steps),
            "words": gettext("It waits until nothing is to be drawn."),
        }
    if job.step < job.steps and job.prepared < len(job.pictures):
        told = {"done": job.prepared, "all": len(job.pictures)}
        return {"percent": 0, "words": gettext("Picture %(done)s of %(all)s is looked at.") % told}
    if job.step < job.steps or job.state != State.RUNNING:
        told = {"done": job.step, "all": job.steps}
        return {
            "percent": percent(job.step, job.steps),
            "words": gettext("step %(done)s of %(all)s") % told,
        }
    told = {"done": len(job.samples), "all": samples}
    return {"percent": percent(len(job.samples), samples), "words": gettext("Picture %(done)s of %(all)s of the sample sheet is drawn.") % told}  # fmt: skip


def percent(done: int, of: int) -> int:
    """Return a share in percent."""
    return 100 * done // max(of, 1)
