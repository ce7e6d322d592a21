"""The steps of a task whose template has several, as apps are told of them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from generation.models import Task
from generation.selectors.chains import state_of_step
from generation.states import TaskState
from genhub.api import field_words
from templates.chains import MEDIA_TYPES

MAKES = _("What it makes: a picture (image) or a clip (video).")


class StepSerializer(serializers.Serializer[Any]):
    """A step of a chain."""

    step = serializers.IntegerField(help_text=_("From 1; results name the step that made them."))
    type = serializers.ChoiceField(MEDIA_TYPES, help_text=MAKES)
    model = serializers.CharField(help_text=field_words.MODEL)
    prompt = serializers.CharField(
        help_text=_(
            "What the model is sent in this step; empty once the hub has deleted the order's texts."
        )
    )
    price = serializers.IntegerField(help_text=_("Paid when it is delivered."))
    status = serializers.ChoiceField(
        list(TaskState), help_text=_("How the step stands, in the words of a task.")
    )


class QuotedStepSerializer(serializers.Serializer[Any]):
    """What a step of a chain would make, and its price."""

    step = serializers.IntegerField(help_text=_("Its place in the chain, from 1."))
    type = serializers.ChoiceField(MEDIA_TYPES, help_text=MAKES)
    model = serializers.CharField(help_text=field_words.MODEL)
    width = serializers.IntegerField(help_text=_("Pixels."))
    height = serializers.IntegerField(help_text=_("Pixels."))
    price = serializers.IntegerField(help_text=_("Paid when it is delivered."))


def answer_chain(task: Task) -> list[dict[str, Any]] | None:
    """Return the steps of a task whose template has several, each with its price and where it stands; else None."""
    outputs = {output.step: output for output in task.outputs.all()}
    return [
        {
            "step": number,
            "type": step["spec"]["media_type"],
            "model": step["spec"]["model"],
            "prompt": step["spec"]["prompt"],
            "price": step["price"],
            "status": state_of_step(task, number, outputs.get(number)),
        }
        for number, step in enumerate(task.chain, 1)
    ] or None
