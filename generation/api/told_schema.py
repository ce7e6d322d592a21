"""What webhooks tell, for the OpenAPI document; `life.announcing`, `life.batch_ends` and others build it."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, OpenApiWebhook, extend_schema
from rest_framework import serializers

from generation.api.batch_schema import TaskCounts
from generation.api.credit_schema import CreditSums
from generation.api.schema import TemplateRef
from generation.states import TASK_ENDS, TaskState
from genhub.api import field_words
from genhub.webhooks.models import TEST, EventType


class ToldFile(serializers.Serializer[Any]):
    """A delivered file; its addresses lead to a fresh link whenever they are fetched with the API key."""

    id = serializers.CharField(help_text=field_words.ARTIFACT)
    url = serializers.URLField(help_text=field_words.FILE_URL)
    thumbnail_url = serializers.URLField(help_text=field_words.THUMBNAIL_URL)
    position = serializers.IntegerField(help_text=_("Its place in the order, from 0."))
    step = serializers.IntegerField(
        allow_null=True, help_text=_("Which step of a chain made it; null: there is none.")
    )
    width = serializers.IntegerField(help_text=_("Pixels."))
    height = serializers.IntegerField(help_text=_("Pixels."))
    seed = serializers.IntegerField(allow_null=True, help_text=field_words.SEED)
    sha256 = serializers.CharField(help_text=field_words.SHA256)
    content_type = serializers.CharField(help_text=field_words.CONTENT_TYPE)
    size_bytes = serializers.IntegerField(help_text=field_words.SIZE_BYTES)
    alt = serializers.CharField(help_text=_("What it shows, in the platform's language."))
    caption = serializers.CharField(help_text=_("The same, saying that a model made it."))


class ToldClip(ToldFile):
    """A delivered clip."""

    poster_url = serializers.URLField(allow_null=True, help_text=field_words.POSTER_URL)
    preview_url = serializers.URLField(allow_null=True, help_text=field_words.PREVIEW_URL)
    duration = serializers.FloatField(help_text=_("Seconds that it really has."))
    fps = serializers.FloatField(help_text=_("Frames a second that it really has."))
    codec = serializers.CharField(help_text=_("Of its pictures: h264, hevc, av1, vp9."))
    has_audio = serializers.BooleanField(help_text=field_words.HAS_AUDIO)


class ToldError(serializers.Serializer[Any]):
    """Why something failed."""

    code = serializers.CharField(help_text=field_words.CODE)
    title = serializers.CharField(help_text=_("The code in the platform's language."))
    message = serializers.CharField(help_text=_("In the platform's language."))


class ToldFailure(ToldError):
    """Why one picture was not delivered."""

    position = serializers.IntegerField(help_text=_("Its place in the order, from 0."))
    step = serializers.IntegerField(
        allow_null=True, help_text=_("Which step of a chain failed; null: there is none.")
    )


class ToldTemplate(TemplateRef):
    """The template version that a task runs."""


class ToldTask(serializers.Serializer[Any]):
    """A task as it stood when it was told."""

    id = serializers.CharField(help_text=field_words.TASK)
    status = serializers.ChoiceField(
        [str(TaskState.PROCESSING), *sorted(map(str, TASK_ENDS))],
        help_text=_("How it stood when it was told."),
    )
    sequence = serializers.IntegerField(
        help_text=_("Messages come in any order: of one task, the larger number is the newer news.")
    )
    platform = serializers.CharField(help_text=field_words.PLATFORM)
    user = serializers.CharField(help_text=field_words.USER)
    type = serializers.ChoiceField(["image", "video"], help_text=field_words.MEDIA_TYPE)
    template = ToldTemplate(allow_null=True, help_text=field_words.TEMPLATE)
    model = serializers.CharField(help_text=field_words.MODEL)
    metadata = serializers.DictField(help_text=field_words.TASK_METADATA)
    batch = serializers.CharField(allow_null=True, help_text=_("The batch that it was ordered in."))
    request_id = serializers.CharField(
        allow_null=True, help_text=_("The X-Request-ID of the request that ordered it.")
    )
    num_images = serializers.IntegerField(help_text=field_words.ASKED_NUMBER)
    images = ToldFile(
        many=True,
        help_text=_("The pictures that were delivered so far, in the order of their positions."),
    )
    videos = ToldClip(many=True, help_text=_("The clips that were delivered so far."))
    count = serializers.IntegerField(help_text=_("Pictures and clips that were delivered."))
    # The base class has a property of this name, which a schema never reads.
    errors = ToldFailure(many=True, help_text=_("Of each one that was not delivered, why."))  # type: ignore[assignment]
    credits = CreditSums(help_text=field_words.CREDITS)
    cached = serializers.BooleanField(help_text=_("Whether its pictures were drawn before."))
    cost_usd = serializers.FloatField(
        allow_null=True, help_text=_("What it cost the hub in US dollars. Null: not known.")
    )
    error = ToldError(allow_null=True, help_text=field_words.FAILURE)
    status_url = serializers.URLField(help_text=_("What a task calls check_status_url."))
    result_url = serializers.URLField(help_text=field_words.RESULT_URL)
    created_at = serializers.DateTimeField(help_text=field_words.ORDERED)
    started_at = serializers.DateTimeField(allow_null=True, help_text=field_words.STARTED)
    ended_at = serializers.DateTimeField(
        allow_null=True, help_text=_("What a task calls completed_at, failed_at or canceled_at.")
    )


class ToldBatch(serializers.Serializer[Any]):
    """A batch whose tasks have all ended."""

    id = serializers.CharField(help_text=field_words.BATCH)
    status = serializers.ChoiceField(
        ["completed", "canceled"],
        help_text=_(
            "completed: all tasks have ended, each in its own way. canceled: all have ended, some of them by a cancel of the batch."
        ),
    )
    platform = serializers.CharField(help_text=field_words.PLATFORM)
    user = serializers.CharField(help_text=field_words.USER)
    metadata = serializers.DictField(help_text=field_words.BATCH_METADATA)
    counts = TaskCounts(help_text=_("How many of its tasks ended how."))
    credits = CreditSums(help_text=field_words.CREDITS)
    batch_url = serializers.URLField(help_text=field_words.BATCH_URL)
    created_at = serializers.DateTimeField(help_text=field_words.ORDERED)
    ended_at = serializers.DateTimeField(allow_null=True, help_text=field_words.ENDED)


class ToldPurse(serializers.Serializer[Any]):
    """Whose credits fell below the platform's mark."""

    platform = serializers.CharField(help_text=field_words.PLATFORM)
    user = serializers.CharField(help_text=field_words.USER)
    available = serializers.IntegerField(
        help_text=_("What is left free to spend, in whole credits.")
    )
    threshold = serializers.IntegerField(
        help_text=_("The platform's mark that it fell below, in whole credits.")
    )


class ToldPicture(serializers.Serializer[Any]):
    """A picture about which staff decided."""

    platform = serializers.CharField(help_text=field_words.PLATFORM)
    user = serializers.CharField(help_text=field_words.USER)
    artifact = serializers.CharField(help_text=field_words.ARTIFACT)
    url = serializers.URLField(
        help_text=_("Leads to a fresh link to the picture; 410 once it was taken down.")
    )


class ToldDecision(serializers.Serializer[Any]):
    """What staff decided."""

    state = serializers.ChoiceField(
        ["approved", "rejected"],
        help_text=_("approved: it may be published. rejected: it may not."),
    )
    reason = serializers.CharField(allow_null=True, help_text=_("What staff say, if anything."))


class ToldReview(ToldPicture):
    """A picture that staff approved or rejected."""

    review = ToldDecision(help_text=_("What staff decided."))


class ToldReason(serializers.Serializer[Any]):
    """Why staff took a picture down."""

    reason = serializers.CharField(help_text=_("What staff say, for its owner to read."))


class ToldTakeDown(ToldPicture):
    """A picture that staff took down for good."""

    taken_down = ToldReason(help_text=_("Why staff took it down."))


class ToldTest(serializers.Serializer[Any]):
    """Nothing: somebody asked for a test."""

    endpoint = serializers.CharField(
        help_text=_("The endpoint that the test was asked for: `ep_…`.")
    )


DATA: Final[dict[str, type[serializers.Serializer[Any]]]] = {
    EventType.PROCESSING: ToldTask,
    EventType.COMPLETED: ToldTask,
    EventType.FAILED: ToldTask,
    EventType.CANCELED: ToldTask,
    EventType.BATCH: ToldBatch,
    EventType.CREDITS_LOW: ToldPurse,
    EventType.PICTURE_APPROVED: ToldReview,
    EventType.PICTURE_REJECTED: ToldReview,
    EventType.PICTURE_TAKEN_DOWN: ToldTakeDown,
    TEST: ToldTest,
}


def make_webhook(event: str, kind: type[serializers.Serializer[Any]]) -> OpenApiWebhook:
    """Return one event as the document has it: what is sent, and what a receiver answers."""
    fields = {
        "__doc__": "What is sent.",
        "type": serializers.ChoiceField([event], help_text=_("What happened, by its stable name.")),
        "timestamp": serializers.DateTimeField(help_text=_("When it happened.")),
        "data": kind(help_text=_("What it happened to, as that stood then.")),
    }
    name = "".join(part.capitalize() for part in event.replace("_", ".").split("."))
    message = type(f"{name}Message", (serializers.Serializer,), fields)
    said = dict(EventType.choices).get(event, _("somebody asked for a test"))
    return OpenApiWebhook(
        event,
        extend_schema(
            request={"application/json": message},
            responses={"2XX": OpenApiResponse(description=_("It was taken."))},
            summary=said,
            tags=["webhooks"],
        ),
    )


WEBHOOKS: Final = [make_webhook(str(event), kind) for event, kind in DATA.items()]
