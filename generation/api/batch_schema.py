"""What the answers of batches look like, for the OpenAPI document."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from generation.api import schema
from generation.api.credit_schema import CreditSums
from generation.models import Batch as Row
from generation.states import BatchState, TaskState

ORDER_STATES = [*(state.value for state in TaskState), "refused"]
EXAMPLES = [
    OpenApiExample(
        "A list of orders",
        value={
            "orders": [{"prompt": "a yellow star"}, {"prompt": "a red circle", "seed": 7}],
            "order": {"num_images": 2},
            "metadata": {"series": "shapes"},
        },
        request_only=True,
    ),
    OpenApiExample(
        "A matrix",
        value={
            "matrix": {"prompts": ["a yellow star", "a red circle"], "seeds": [1, 2, 3]},
            "policy": "some",
        },
        request_only=True,
    ),
]


class TaskCounts(serializers.Serializer[Any]):
    """How many tasks of a batch stand in each state."""

    total = serializers.IntegerField(help_text=_("Tasks."))
    pending = serializers.IntegerField()
    processing = serializers.IntegerField()
    completed = serializers.IntegerField()
    failed = serializers.IntegerField()
    canceled = serializers.IntegerField()


class BatchCounts(TaskCounts):
    """How many tasks stand in each state, and how many orders were refused."""

    refused = serializers.IntegerField(help_text=_("Orders that were not taken: no tasks."))


class BatchCredits(CreditSums):
    """The sums over all tasks, in whole credits."""


class OrderProblem(serializers.Serializer[Any]):
    """Why an order was refused: at most 5 of its mistakes."""

    code = serializers.CharField()
    title = serializers.CharField()
    message = serializers.CharField()
    # The base class has a property of this name, which a schema never reads.
    errors = serializers.ListField(child=serializers.DictField())  # type: ignore[assignment]


class BatchOrder(serializers.Serializer[Any]):
    """What became of one order."""

    index = serializers.IntegerField(help_text=_("Its place in the request, from 0."))
    task_id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(ORDER_STATES)
    problem = OrderProblem(allow_null=True)


class BatchOutline(serializers.Serializer[Any]):
    """Where a batch stands."""

    id = serializers.CharField()
    status = serializers.ChoiceField(
        [state.value for state in BatchState],
        help_text=_("pending: none was begun. completed: all tasks have ended, each in its own way; “counts” says how. "
                    "canceled: all have ended, some of them by a cancel of the batch."),
    )  # fmt: skip
    user = serializers.CharField()
    policy = serializers.ChoiceField(Row.Policy.values)
    counts = BatchCounts()
    progress = serializers.FloatField(min_value=0, max_value=1)
    credits = BatchCredits()
    metadata = serializers.DictField()
    webhook = serializers.CharField(allow_null=True)
    url = serializers.URLField()
    cancel_url = serializers.URLField()
    tasks_url = serializers.URLField(help_text=_("All of its tasks in full, in pages."))
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    canceled_at = serializers.DateTimeField(allow_null=True)


class Batch(BatchOutline):
    """A batch in full."""

    orders = BatchOrder(many=True, help_text=_("Each order of the request."))
    tasks = schema.Task(
        many=True, help_text=_("The first 20 in full, with what they delivered so far.")
    )
    has_more_tasks = serializers.BooleanField(help_text=_("Then go on at “tasks_url”."))


class BatchPage(serializers.Serializer[Any]):
    """A page of batches."""

    items = BatchOutline(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class QuotedOrder(serializers.Serializer[Any]):
    """What one order would cost, or why it would be refused."""

    index = serializers.IntegerField(help_text=_("Its place in the request, from 0."))
    price = serializers.IntegerField(allow_null=True)
    unit_price = serializers.IntegerField(allow_null=True)
    number = serializers.IntegerField(allow_null=True, help_text=_("Pictures or clips."))
    mode = serializers.ChoiceField(["fast", "fine"], allow_null=True)
    priority = serializers.ChoiceField(["low", "normal", "high"], allow_null=True)
    estimated_cost_usd = serializers.FloatField(allow_null=True)
    problem = OrderProblem(allow_null=True)


class BatchQuote(serializers.Serializer[Any]):
    """What a batch would cost now, in whole credits."""

    price = serializers.IntegerField(help_text=_("Of all orders that would be taken."))
    held = serializers.IntegerField(help_text=_("What submitting it would reserve."))
    count = serializers.IntegerField(help_text=_("Orders that would be taken."))
    orders = QuotedOrder(many=True)
    available = serializers.IntegerField(
        allow_null=True, help_text=_("Free to spend; null without the scope “credits:read”.")
    )
    affordable = serializers.BooleanField(
        help_text=_("Whether balance, budgets and queue have room for all of it at this moment.")
    )
    refusal = serializers.CharField(
        allow_null=True,
        help_text=_("Null where it is affordable, else the code that submitting it would answer."),
    )
    estimated_cost_usd = serializers.FloatField(
        allow_null=True,
        help_text=_(
            "What it may cost the hub in US dollars, as its prices stand. Null: not known."
        ),
    )
