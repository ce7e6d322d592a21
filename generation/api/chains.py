"""The steps of a task whose template has several, as apps are told of them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from generation.models import Task
from generation.selectors.chains import state_of_step
from generation.states import TaskState
from templates.chains import MEDIA_TYPES


class StepSerializer(serializers.Serializer[Any]):
    """A step of a chain."""

    step = serializers.IntegerField(help_text=_("From 1; results name the step that made them."))
    type = serializers.ChoiceField(MEDIA_TYPES)
    model = serializers.CharField()
    prompt = serializers.CharField()
    price = serializers.IntegerField(help_text=_("Paid when it is delivered."))
    status = serializers.ChoiceField(list(TaskState))


class QuotedStepSerializer(serializers.Serializer[Any]):
    """What a step of a chain would make, and its price."""

    step = serializers.IntegerField()
    type = serializers.ChoiceField(MEDIA_TYPES)
    model = serializers.CharField()
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
