"""What the answers look like, for the OpenAPI document; the answers themselves are built in `answers`."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from generation.api.chains import StepSerializer
from generation.api.credit_schema import Credits
from generation.api.result_schema import Counted, FollowUp, Result
from generation.states import TaskState
from genhub.api import page_words
from genhub.api.pages import DEEPEST_ROW, ProblemSerializer

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
    description=_(
        "1 to 255 bytes of printable UTF-8. The same key and body again answer the same task; another body is 422 `idempotency_key_reused`, and while the first request is not done 409 `idempotency_key_in_use`. A header without a value is refused as `header_refused` before any key is looked at."
    ),
)
PREFER = OpenApiParameter(
    "Prefer",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=_(
        "`wait=N`, N from 1 to 60: answers as soon as the task ends, at the latest after N seconds. Another N is 400; `wait` without a number, and any other preference, is as if nothing was said."
    ),
)
USER = OpenApiParameter(
    "user", OpenApiTypes.STR, description=_("Only this user's (platform keys).")
)
BATCH = OpenApiParameter("batch", OpenApiTypes.STR, description=_("Only this batch's."))
LIMIT, CURSOR = page_words.LIMIT, page_words.CURSOR
PAGE = OpenApiParameter(
    "page",
    {"type": "integer", "minimum": 1, "maximum": DEEPEST_ROW},
    description=_(
        "Pages by number, with a total, instead of the cursor; down to row 10,000 (page times limit)."
    ),
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

    id = serializers.CharField(help_text=_("“task_” and 32 hexadecimal digits."))
    task_id = serializers.CharField(help_text=_("The same as id."))
    status = serializers.ChoiceField(
        [state.value for state in TaskState],
        help_text=_(
            "pending: waits. processing: is worked on. completed, failed and canceled are ends: nothing follows."
        ),
    )
    message = serializers.CharField(
        help_text=_("How it stands, for people, in the reader's language.")
    )
    paused = Pause(
        allow_null=True,
        help_text=_("Why nobody may work on it now; it waits, at most until its deadline."),
    )
    queue = QueuePlace(
        required=False,
        allow_null=True,
        help_text=_("Null: it does not wait for its turn. Only where one task is read."),
    )
    progress = serializers.FloatField(
        min_value=0, max_value=1, help_text=_("0 to 1; 1 once it is completed.")
    )
    check_status_url = serializers.URLField(help_text=_("Where its state is asked."))
    result_url = serializers.URLField(help_text=_("Where its pictures are, once there are any."))
    cancel_url = serializers.URLField(help_text=_("POST ends it, while it has not ended."))
    created_at = serializers.DateTimeField(help_text=_("When it was ordered."))
    started_at = serializers.DateTimeField(
        allow_null=True, help_text=_("When work on it began. Null: not yet.")
    )
    completed_at = serializers.DateTimeField(
        allow_null=True, help_text=_("Its end, where it is completed.")
    )
    failed_at = serializers.DateTimeField(allow_null=True, help_text=_("Its end, where it failed."))
    canceled_at = serializers.DateTimeField(
        allow_null=True, help_text=_("Its end, where it was canceled.")
    )
    error = TaskError(allow_null=True, help_text=_("Why it failed; null otherwise."))


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
    references = serializers.ListField(
        child=serializers.CharField(),
        help_text=_(
            "Those that it named of what it shall look like; those of its style are the hub's."
        ),
    )
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
