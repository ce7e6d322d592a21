"""What the answers of batches look like, for the OpenAPI document."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from generation.api import schema
from generation.api.credit_schema import CreditSums
from generation.models import Batch as Row
from generation.states import BatchState, TaskState
from genhub.api import field_words, page_words

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
    pending = serializers.IntegerField(help_text=_("Tasks that wait."))
    processing = serializers.IntegerField(help_text=_("Tasks that are worked on."))
    completed = serializers.IntegerField(
        help_text=_("Tasks that delivered a picture or clip at least.")
    )
    failed = serializers.IntegerField(help_text=_("Tasks that ended and delivered nothing."))
    canceled = serializers.IntegerField(help_text=_("Tasks that were canceled."))


class BatchCounts(TaskCounts):
    """How many tasks stand in each state, and how many orders were refused."""

    refused = serializers.IntegerField(help_text=_("Orders that were not taken: no tasks."))


class BatchCredits(CreditSums):
    """The sums over all tasks, in whole credits."""


class OrderProblem(serializers.Serializer[Any]):
    """Why an order was refused: at most 5 of its mistakes."""

    code = serializers.CharField(help_text=field_words.CODE)
    title = serializers.CharField(help_text=field_words.TITLE)
    message = serializers.CharField(help_text=field_words.MESSAGE)
    # The base class has a property of this name, which a schema never reads.
    errors = serializers.ListField(  # type: ignore[assignment]
        child=serializers.DictField(),
        help_text=_(
            "What is wrong with single fields: field, code and message of each; empty where none is."
        ),
    )


class BatchOrder(serializers.Serializer[Any]):
    """What became of one order."""

    index = serializers.IntegerField(help_text=_("Its place in the request, from 0."))
    task_id = serializers.CharField(
        allow_null=True, help_text=_("The task that it became: `task_…`. Null: it was refused.")
    )
    status = serializers.ChoiceField(
        ORDER_STATES, help_text=_("How its task stands; refused: there is none.")
    )
    problem = OrderProblem(allow_null=True, help_text=_("Why it was refused. Null: it was taken."))


class BatchOutline(serializers.Serializer[Any]):
    """Where a batch stands."""

    id = serializers.CharField(help_text=field_words.BATCH)
    status = serializers.ChoiceField(
        [state.value for state in BatchState],
        help_text=_("pending: none was begun. completed: all tasks have ended, each in its own way; “counts” says how. "
                    "canceled: all have ended, some of them by a cancel of the batch."),
    )  # fmt: skip
    user = serializers.CharField(help_text=field_words.USER)
    policy = serializers.ChoiceField(
        Row.Policy.values,
        help_text=_("all: every order was taken, or none. some: those that could be taken."),
    )
    counts = BatchCounts(
        help_text=_("How many tasks stand in each state, and how many orders were refused.")
    )
    progress = serializers.FloatField(
        min_value=0,
        max_value=1,
        help_text=_("0 to 1; each task counts alike, one under way by its own progress."),
    )
    credits = BatchCredits(help_text=field_words.CREDITS)
    metadata = serializers.DictField(help_text=field_words.BATCH_METADATA)
    webhook = serializers.CharField(
        allow_null=True,
        help_text=_("Where its end is told, beside the platform's endpoints. Null: nowhere else."),
    )
    url = serializers.URLField(help_text=field_words.BATCH_URL)
    cancel_url = serializers.URLField(
        help_text=_("POST cancels those of its tasks that have not ended.")
    )
    tasks_url = serializers.URLField(help_text=_("All of its tasks in full, in pages."))
    created_at = serializers.DateTimeField(help_text=field_words.ORDERED)
    ended_at = serializers.DateTimeField(allow_null=True, help_text=field_words.ENDED)
    canceled_at = serializers.DateTimeField(allow_null=True, help_text=field_words.CANCELED)


class Batch(BatchOutline):
    """A batch in full."""

    orders = BatchOrder(many=True, help_text=_("Each order of the request."))
    tasks = schema.Task(
        many=True, help_text=_("The first 20 in full, with what they delivered so far.")
    )
    has_more_tasks = serializers.BooleanField(help_text=_("Then go on at “tasks_url”."))


class BatchPage(serializers.Serializer[Any]):
    """A page of batches."""

    items = BatchOutline(many=True, help_text=page_words.ITEMS)
    next, previous = page_words.link_fields()


class QuotedOrder(serializers.Serializer[Any]):
    """What one order would cost, or why it would be refused."""

    index = serializers.IntegerField(help_text=_("Its place in the request, from 0."))
    price = serializers.IntegerField(
        allow_null=True,
        help_text=_("Whole credits for all of the order. Null: it would be refused."),
    )
    unit_price = serializers.IntegerField(
        allow_null=True,
        help_text=_(
            "Whole credits for one picture or clip, rounded up after factors and discount. Null: it would be refused."
        ),
    )
    number = serializers.IntegerField(allow_null=True, help_text=_("Pictures or clips."))
    mode = serializers.ChoiceField(
        ["fast", "fine"],
        allow_null=True,
        help_text=_("fast, fine, or null: the usual way, or the order would be refused."),
    )
    priority = serializers.ChoiceField(
        ["low", "normal", "high"],
        allow_null=True,
        help_text=_("How it would wait in the queue. Null: it would be refused."),
    )
    estimated_cost_usd = serializers.FloatField(
        allow_null=True,
        help_text=field_words.ESTIMATED_COST,
    )
    problem = OrderProblem(
        allow_null=True, help_text=_("Why it would be refused. Null: it would be taken.")
    )


class BatchQuote(serializers.Serializer[Any]):
    """What a batch would cost now, in whole credits."""

    price = serializers.IntegerField(help_text=_("Of all orders that would be taken."))
    held = serializers.IntegerField(help_text=_("What submitting it would reserve."))
    count = serializers.IntegerField(help_text=_("Orders that would be taken."))
    orders = QuotedOrder(many=True, help_text=_("Each order of the request, in its sequence."))
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
        help_text=field_words.ESTIMATED_COST,
    )
