"""What the answers look like, for the OpenAPI document; the answers themselves are built in `answers`."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from generation.api.chains import StepSerializer
from generation.api.credit_schema import Credits
from generation.api.result_schema import Counted, FollowUp, Result
from generation.api.status_schema import Status
from genhub.api import field_words, page_words
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


class TemplateRef(serializers.Serializer[Any]):
    """The template version that a task runs."""

    code = serializers.CharField(help_text=field_words.TEMPLATE_CODE)
    name = serializers.CharField(help_text=field_words.TEMPLATE_NAME)
    version = serializers.IntegerField(help_text=_("The number of the version, from 1."))
    category = serializers.CharField(help_text=field_words.TEMPLATE_CATEGORY)


class WornLora(serializers.Serializer[Any]):
    """A LoRA that a task wears."""

    name = serializers.CharField(help_text=_("What the model calls it."))
    scale = serializers.FloatField(help_text=_("How strong it is worn."))


class Task(Status):
    """A task in full."""

    type = serializers.ChoiceField(["image", "video"], help_text=field_words.MEDIA_TYPE)
    user = serializers.CharField(help_text=field_words.USER)
    template = TemplateRef(allow_null=True, help_text=field_words.TEMPLATE)
    model = serializers.CharField(help_text=field_words.MODEL)
    provider = serializers.CharField(
        allow_null=True,
        help_text=_("The alias of the provider that has it now, or had it last. Null: none had."),
    )
    prompt = serializers.CharField(
        help_text=_(
            "What the model is sent: the prompt, or the template's with your parameters, and the style's words; empty once the hub has deleted the order's texts."
        )
    )
    style_preset = serializers.CharField(
        allow_null=True, help_text=_("The code of the style that it wears. Null: none.")
    )
    style = serializers.CharField(  # type: ignore[assignment]  # as in the order's serializer
        allow_null=True, help_text=_("Null: the model's usual one.")
    )
    sampler = serializers.CharField(allow_null=True, help_text=_("Null: the model's usual one."))
    quality = serializers.CharField(help_text=_("standard or high."))
    mode = serializers.CharField(allow_null=True, help_text=field_words.MODE)
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
    loras = WornLora(many=True, help_text=_("Those that it wears; empty: none."))
    preview = serializers.CharField(
        required=False,
        allow_null=True,
        help_text=_(
            "A small JPEG of the picture under way, as a data URI; only where one task is read."
        ),
    )
    output_format = serializers.CharField(allow_null=True, help_text=_("Null: none was named."))
    output_compression = serializers.IntegerField(allow_null=True, help_text=_("0 to 100."))
    num_images = serializers.IntegerField(help_text=field_words.ASKED_NUMBER)
    chain = StepSerializer(
        many=True,
        allow_null=True,
        help_text=_("The steps of a template that has several; else null."),
    )
    batch = serializers.CharField(allow_null=True, help_text=_("The batch that it was ordered in."))
    batch_index = serializers.IntegerField(
        allow_null=True, help_text=_("Its order's place in the batch, from 0.")
    )
    metadata = serializers.DictField(help_text=field_words.TASK_METADATA)
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
    result = Result(
        allow_null=True, help_text=_("What it delivered. Null: nothing, or nothing yet.")
    )
    processing_time = serializers.FloatField(allow_null=True, help_text=_("Seconds."))
    timings = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text=_("Seconds by stage.")
    )
    credits = Credits(help_text=field_words.CREDITS)
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

    items = Task(many=True, help_text=page_words.ITEMS)
    next = serializers.URLField(
        allow_null=True,
        required=False,
        help_text=_("Where the next page is; null on the last one, absent with “page”."),
    )
    previous = serializers.URLField(
        allow_null=True,
        required=False,
        help_text=_("Where the page before is; null on the first one, absent with “page”."),
    )
    page = serializers.IntegerField(
        required=False, help_text=_("Which page this is, from 1; only where “page” was asked for.")
    )
    limit = serializers.IntegerField(
        required=False, help_text=_("Rows a page; only where “page” was asked for.")
    )
    total = serializers.IntegerField(
        required=False, help_text=_("Tasks on all pages; only where “page” was asked for.")
    )
