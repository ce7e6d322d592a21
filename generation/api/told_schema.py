"""What webhooks tell, for the OpenAPI document; `life.announcing`, `life.batch_ends` and others build it."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, OpenApiWebhook, extend_schema
from rest_framework import serializers

from generation.api.batch_schema import TaskCounts
from generation.api.credit_schema import CreditSums
from generation.states import TASK_ENDS, TaskState
from genhub.webhooks.models import TEST, EventType


class ToldFile(serializers.Serializer[Any]):
    """A delivered file; its addresses lead to a fresh link whenever they are fetched with the API key."""

    id = serializers.CharField()
    url = serializers.URLField()
    thumbnail_url = serializers.URLField()
    position = serializers.IntegerField(help_text=_("Its place in the order, from 0."))
    step = serializers.IntegerField(
        allow_null=True, help_text=_("Which step of a chain made it; null: there is none.")
    )
    width = serializers.IntegerField(help_text=_("Pixels."))
    height = serializers.IntegerField(help_text=_("Pixels."))
    seed = serializers.IntegerField(allow_null=True)
    sha256 = serializers.CharField()
    content_type = serializers.CharField()
    size_bytes = serializers.IntegerField()
    alt = serializers.CharField(help_text=_("What it shows, in the platform's language."))
    caption = serializers.CharField(help_text=_("The same, saying that a model made it."))


class ToldClip(ToldFile):
    """A delivered clip."""

    poster_url = serializers.URLField(allow_null=True)
    preview_url = serializers.URLField(allow_null=True)
    duration = serializers.FloatField(help_text=_("Seconds that it really has."))
    fps = serializers.FloatField(help_text=_("Frames a second that it really has."))
    codec = serializers.CharField(help_text=_("Of its pictures: h264, hevc, av1, vp9."))
    has_audio = serializers.BooleanField()


class ToldError(serializers.Serializer[Any]):
    """Why something failed."""

    code = serializers.CharField()
    title = serializers.CharField()
    message = serializers.CharField(help_text=_("In the platform's language."))


class ToldFailure(ToldError):
    """Why one picture was not delivered."""

    position = serializers.IntegerField(help_text=_("Its place in the order, from 0."))
    step = serializers.IntegerField(allow_null=True)


class ToldTemplate(serializers.Serializer[Any]):
    """The template version that a task runs."""

    code = serializers.CharField()
    name = serializers.CharField()
    version = serializers.IntegerField()
    category = serializers.CharField()


class ToldTask(serializers.Serializer[Any]):
    """A task as it stood when it was told."""

    id = serializers.CharField()
    status = serializers.ChoiceField([str(TaskState.PROCESSING), *sorted(map(str, TASK_ENDS))])
    sequence = serializers.IntegerField(
        help_text=_("Messages come in any order: of one task, the larger number is the newer news.")
    )
    platform = serializers.CharField()
    user = serializers.CharField()
    type = serializers.ChoiceField(["image", "video"])
    template = ToldTemplate(allow_null=True)
    model = serializers.CharField()
    metadata = serializers.DictField()
    batch = serializers.CharField(allow_null=True, help_text=_("The batch that it was ordered in."))
    request_id = serializers.CharField(
        allow_null=True, help_text=_("The X-Request-ID of the request that ordered it.")
    )
    num_images = serializers.IntegerField()
    images = ToldFile(many=True)
    videos = ToldClip(many=True)
    count = serializers.IntegerField(help_text=_("Pictures and clips that were delivered."))
    # The base class has a property of this name, which a schema never reads.
    errors = ToldFailure(many=True)  # type: ignore[assignment]
    credits = CreditSums()
    cached = serializers.BooleanField(help_text=_("Whether its pictures were drawn before."))
    cost_usd = serializers.FloatField(
        allow_null=True, help_text=_("What it cost the hub in US dollars. Null: not known.")
    )
    error = ToldError(allow_null=True)
    status_url = serializers.URLField(help_text=_("What a task calls check_status_url."))
    result_url = serializers.URLField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(
        allow_null=True, help_text=_("What a task calls completed_at, failed_at or canceled_at.")
    )


class ToldBatch(serializers.Serializer[Any]):
    """A batch whose tasks have all ended."""

    id = serializers.CharField()
    status = serializers.ChoiceField(["completed", "canceled"])
    platform = serializers.CharField()
    user = serializers.CharField()
    metadata = serializers.DictField()
    counts = TaskCounts()
    credits = CreditSums()
    batch_url = serializers.URLField()
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class ToldPurse(serializers.Serializer[Any]):
    """Whose credits fell below the platform's mark."""

    platform = serializers.CharField()
    user = serializers.CharField()
    available = serializers.IntegerField()
    threshold = serializers.IntegerField()


class ToldPicture(serializers.Serializer[Any]):
    """A picture about which staff decided."""

    platform = serializers.CharField()
    user = serializers.CharField()
    artifact = serializers.CharField()
    url = serializers.URLField()


class ToldDecision(serializers.Serializer[Any]):
    """What staff decided."""

    state = serializers.ChoiceField(["approved", "rejected"])
    reason = serializers.CharField(allow_null=True)


class ToldReview(ToldPicture):
    """A picture that staff approved or rejected."""

    review = ToldDecision()


class ToldReason(serializers.Serializer[Any]):
    """Why staff took a picture down."""

    reason = serializers.CharField()


class ToldTakeDown(ToldPicture):
    """A picture that staff took down for good."""

    taken_down = ToldReason()


class ToldTest(serializers.Serializer[Any]):
    """Nothing: somebody asked for a test."""

    endpoint = serializers.CharField()


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
        "type": serializers.ChoiceField([event]),
        "timestamp": serializers.DateTimeField(help_text=_("When it happened.")),
        "data": kind(),
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
