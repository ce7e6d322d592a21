"""What the answers look like, for the OpenAPI document; the answers themselves are built in `answers`."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from credits.entries import KINDS
from generation.api.chains import StepSerializer
from generation.api.result_schema import Counted, FollowUp, Result
from generation.states import TaskState
from genhub.api.pages import DEFAULT_PAGE, ProblemSerializer

PROBLEM = OpenApiResponse(ProblemSerializer)
REFUSALS = dict.fromkeys((400, 401, 403, 404), PROBLEM)

# What the hub itself can draw, whatever else it offers: the page that tries the API out sends it.
ORDER_EXAMPLES = [
    OpenApiExample(
        "A direct order",
        value={"prompt": "a yellow star on a purple background", "num_images": 2},
        request_only=True,
    ),
    OpenApiExample(
        "From a template",
        value={
            "template": "shape",
            "parameters": {"shape": "star", "colour": "red"},
        },
        request_only=True,
    ),
    OpenApiExample(
        "One of a series, with the user's usual words",
        value={"prompt": "a yellow star", "subject": "spring sale", "use_preferences": True},
        request_only=True,
    ),
    OpenApiExample(
        "With a platform's key",
        value={"prompt": "a yellow star on a purple background", "user": "alice"},
        request_only=True,
    ),
]

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=_("The same key and body again answer the same task; at most 255 bytes."),
)
PREFER = OpenApiParameter(
    "Prefer",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=_(
        "`wait=N`, N from 1 to 60: answers as soon as the task ends, at the latest after N seconds."
    ),
)
USER = OpenApiParameter(
    "user", OpenApiTypes.STR, description=_("Only this user's (platform keys).")
)
BATCH = OpenApiParameter("batch", OpenApiTypes.STR, description=_("Only this batch's."))
LIMIT = OpenApiParameter(
    "limit",
    OpenApiTypes.INT,
    default=DEFAULT_PAGE,
    description=_("Rows a page, at most 100."),
)
CURSOR = OpenApiParameter("cursor", OpenApiTypes.STR, description=_("From “next” or “previous”."))
PAGE = OpenApiParameter(
    "page", OpenApiTypes.INT, description=_("Pages by number, with a total, instead of the cursor.")
)


class CreditLine(serializers.Serializer[Any]):
    """One move of a task's credits; an entry of the statement has the same id."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)
    amount = serializers.IntegerField(help_text=_("Whole credits, always positive."))
    reason_code = serializers.CharField(allow_null=True)
    reason = serializers.CharField(help_text=_("In the reader's language where the hub wrote it."))
    created_at = serializers.DateTimeField()


class Credits(serializers.Serializer[Any]):
    """What a task costs and what became of it, in whole credits."""

    price = serializers.IntegerField()
    held = serializers.IntegerField(help_text=_("Reserved still; 0 once the task has ended."))
    captured = serializers.IntegerField()
    released = serializers.IntegerField()
    refunded = serializers.IntegerField()
    lines = CreditLine(many=True, help_text=_("Each move, oldest first."))
    pricing = serializers.DictField(
        allow_null=True, help_text=_("What decided the price when the task was taken.")
    )


class TaskError(serializers.Serializer[Any]):
    """Why a task failed."""

    code = serializers.CharField()
    message = serializers.CharField()
    title = serializers.CharField()


class Pause(serializers.Serializer[Any]):
    """What keeps a task waiting that is not its turn."""

    code = serializers.ChoiceField(
        [
            "provider_switched_off",
            "model_switched_off",
            "model_broken",
            "queue_paused",
            "provider_paused",
            "provider_rests",
            "provider_in_doubt",
        ]
    )
    message = serializers.CharField()
    title = serializers.CharField()


class QueuePlace(serializers.Serializer[Any]):
    """Where a task stands in the line. Later orders of a higher priority, or of users who were served less, may come
    before it."""

    position = serializers.IntegerField(min_value=1, help_text=_("1 is next."))
    starts_in_seconds = serializers.FloatField(
        allow_null=True,
        help_text=_("As long as pictures took of late. Null: not known."),
    )
    is_least = serializers.BooleanField(
        help_text=_("It is surely no sooner, but how much later is not known.")
    )


class Status(serializers.Serializer[Any]):
    """Where a task stands."""

    id = serializers.CharField()
    task_id = serializers.CharField()
    status = serializers.ChoiceField([state.value for state in TaskState])
    message = serializers.CharField()
    paused = Pause(
        allow_null=True,
        help_text=_("Why nobody may work on it now; it waits, at most until its deadline."),
    )
    queue = QueuePlace(
        required=False,
        allow_null=True,
        help_text=_("Null: it does not wait for its turn. Only where one task is read."),
    )
    progress = serializers.FloatField(min_value=0, max_value=1)
    check_status_url = serializers.URLField()
    result_url = serializers.URLField()
    cancel_url = serializers.URLField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    failed_at = serializers.DateTimeField(allow_null=True)
    canceled_at = serializers.DateTimeField(allow_null=True)
    error = TaskError(allow_null=True)


class TemplateRef(serializers.Serializer[Any]):
    """The template version that a task runs."""

    code = serializers.CharField()
    name = serializers.CharField()
    version = serializers.IntegerField()
    category = serializers.CharField()


class WornLora(serializers.Serializer[Any]):
    """A LoRA that a task wears."""

    name = serializers.CharField()
    scale = serializers.FloatField()


class Task(Status):
    """A task in full."""

    type = serializers.ChoiceField(["image", "video"])
    user = serializers.CharField()
    template = TemplateRef(allow_null=True)
    model = serializers.CharField()
    provider = serializers.CharField(allow_null=True)
    prompt = serializers.CharField()
    style_preset = serializers.CharField(allow_null=True)
    style = serializers.CharField(  # type: ignore[assignment]  # as in the order's serializer
        allow_null=True, help_text=_("Null: the model's usual one.")
    )
    sampler = serializers.CharField(allow_null=True, help_text=_("Null: the model's usual one."))
    quality = serializers.CharField()
    mode = serializers.CharField(
        allow_null=True, help_text=_("fast, fine, or null: the usual way.")
    )
    width = serializers.IntegerField(help_text=_("Pixels."))
    height = serializers.IntegerField(help_text=_("Pixels."))
    steps = serializers.IntegerField(allow_null=True, help_text=_("Null: the vendor decides."))
    cfg_scale = serializers.FloatField(allow_null=True, help_text=_("Null: the vendor decides."))
    image = serializers.CharField(allow_null=True, help_text=_("The picture it starts from."))
    mask = serializers.CharField(allow_null=True, help_text=_("White: drawn anew."))
    duration = serializers.IntegerField(
        allow_null=True, help_text=_("Of a clip: seconds that were ordered. Null: a picture.")
    )
    fps = serializers.IntegerField(
        allow_null=True, help_text=_("Of a clip: frames a second. Null: the vendor decides.")
    )
    resolution = serializers.CharField(allow_null=True, help_text=_("Of a clip: its size by name."))
    last_image = serializers.CharField(
        allow_null=True, help_text=_("Of a clip: the picture that it ends with.")
    )
    audio = serializers.BooleanField(help_text=_("Whether a clip was to sound."))
    strength = serializers.FloatField(
        allow_null=True,
        help_text=_("Null without “image”, and where the vendor decides."),
    )
    loras = WornLora(many=True)
    preview = serializers.CharField(
        required=False,
        allow_null=True,
        help_text=_(
            "A small JPEG of the picture under way, as a data URI; only where one task is read."
        ),
    )
    output_format = serializers.CharField(allow_null=True, help_text=_("Null: none was named."))
    output_compression = serializers.IntegerField(allow_null=True, help_text=_("0 to 100."))
    num_images = serializers.IntegerField()
    chain = StepSerializer(
        many=True,
        allow_null=True,
        help_text=_("The steps of a template that has several; else null."),
    )
    batch = serializers.CharField(allow_null=True, help_text=_("The batch that it was ordered in."))
    batch_index = serializers.IntegerField(
        allow_null=True, help_text=_("Its order's place in the batch, from 0.")
    )
    metadata = serializers.DictField()
    webhook = serializers.CharField(allow_null=True, help_text=_("Where its end is told."))
    subject = serializers.CharField(
        allow_null=True, help_text=_("The series, character or session that it is of.")
    )
    timeout = serializers.IntegerField(
        allow_null=True, help_text=_("Seconds for its work. Null: what is usual there.")
    )
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text=_("Until when it must have begun.")
    )
    request_id = serializers.CharField(
        allow_null=True, help_text=_("The X-Request-ID of the request that ordered it.")
    )
    result = Result(allow_null=True)
    processing_time = serializers.FloatField(allow_null=True, help_text=_("Seconds."))
    timings = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text=_("Seconds by stage.")
    )
    credits = Credits()
    cost_usd = serializers.FloatField(
        allow_null=True, help_text=_("What it cost the hub in US dollars. Null: not known.")
    )
    usage = Counted(
        allow_null=True, help_text=_("What was counted of its work. Null: nothing was.")
    )
    cached = serializers.BooleanField(help_text=_("Whether its pictures were drawn before."))
    follow_ups = FollowUp(
        many=True,
        help_text=_(
            "What can be ordered further of its pictures: what their provider does with its own, and what some does with any."
        ),
    )


# What each door answers that takes an order.
ORDERED_REFUSALS = {**REFUSALS, **dict.fromkeys((402, 409, 422, 429, 503, 507), PROBLEM)}
ORDERED = {202: Task, **ORDERED_REFUSALS}


class TaskPage(serializers.Serializer[Any]):
    """A page of tasks."""

    items = Task(many=True)
    next = serializers.URLField(allow_null=True, required=False)
    previous = serializers.URLField(allow_null=True, required=False)
    page = serializers.IntegerField(required=False)
    limit = serializers.IntegerField(required=False)
    total = serializers.IntegerField(required=False)
