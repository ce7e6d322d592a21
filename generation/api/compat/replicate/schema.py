"""What the document of `/replicate/v1` says of bodies and answers."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from generation.api.compat.replicate.answers import STATUSES
from generation.api.schema import CURSOR, LIMIT, USER
from genhub.api.openapi import PROBLEM_TYPE
from genhub.api.pages import ProblemSerializer
from storage.api.parsers import FORM


class PredictionWords(serializers.Serializer[Any]):
    """An order."""

    version = serializers.CharField(
        required=False,
        help_text=_("The name of a model; needed where the address names none."),
    )
    input = serializers.DictField(
        help_text=_("The words of POST /api/v1/generate, or as Replicate's models call them.")
    )


class PredictionAddresses(serializers.Serializer[Any]):
    """Where a prediction is read, and where it is ended."""

    get = serializers.URLField(help_text=_("Where it is read."))
    cancel = serializers.URLField(help_text=_("POST ends it, while it has not ended."))


class PredictionMetrics(serializers.Serializer[Any]):
    """How long it took, in seconds."""

    predict_time = serializers.FloatField(
        required=False, help_text=_("From its begin to its end, in seconds.")
    )
    total_time = serializers.FloatField(
        required=False, help_text=_("From the order to its end, in seconds.")
    )


class Prediction(serializers.Serializer[Any]):
    """A task as it stands."""

    id = serializers.CharField(help_text=_("The id of the task: GET /api/v1/tasks knows it, too."))
    model = serializers.CharField(help_text=_("`genhub/` and the model's name."))
    version = serializers.CharField(help_text=_("The model's name."))
    status = serializers.ChoiceField(list(STATUSES.values()))
    input = serializers.DictField(help_text=_("What was ordered."))
    output = serializers.ListField(
        child=serializers.URLField(), allow_null=True,
        help_text=_("Links that open for anybody, for some minutes. Null: it has not succeeded."),
    )  # fmt: skip
    logs = serializers.CharField(help_text=_("Always empty."))
    error = serializers.CharField(
        allow_null=True, help_text=_("Why it failed, in the reader's language; null otherwise.")
    )
    metrics = PredictionMetrics()
    data_removed = serializers.BooleanField(help_text=_("Always false."))
    source = serializers.CharField(help_text=_("Always api."))  # type: ignore[assignment]
    created_at = serializers.DateTimeField(help_text=_("When it was ordered."))
    started_at = serializers.DateTimeField(
        allow_null=True, help_text=_("When work on it began. Null: not yet.")
    )
    completed_at = serializers.DateTimeField(
        allow_null=True, help_text=_("When it ended. Null: not yet.")
    )
    urls = PredictionAddresses()


class PredictionPage(serializers.Serializer[Any]):
    """A page of predictions."""

    previous = serializers.URLField(
        allow_null=True, help_text=_("The page before; null: there is none.")
    )
    next = serializers.URLField(
        allow_null=True, help_text=_("The page after it; null: there is none.")
    )
    results = Prediction(many=True)


class Version(serializers.Serializer[Any]):
    """A model's one version."""

    id = serializers.CharField(help_text=_("The model's name."))
    created_at = serializers.DateTimeField(help_text=_("Always the same: nobody noted it."))
    cog_version = serializers.CharField(help_text=_("Always the same: clients want one."))
    openapi_schema = serializers.DictField(
        help_text=_("What clients read of it: its output is a list of links.")
    )


class FileWords(serializers.Serializer[Any]):
    """A picture to start from."""

    content = serializers.FileField(
        help_text=_("PNG, JPEG, WebP, AVIF or HEIC; only the first frame is taken.")
    )


class FileAddresses(serializers.Serializer[Any]):
    """What “input” calls a picture by."""

    get = serializers.URLField(help_text=_("“input” of an order takes it."))


class StoredPicture(serializers.Serializer[Any]):
    """A picture as it is stored."""

    id = serializers.CharField(help_text=_("`art_…`; “input” of an order takes it, too."))
    name = serializers.CharField(help_text=_("The same as id."))
    content_type = serializers.CharField(help_text=_("Of the stored file, not of the one sent."))
    size = serializers.IntegerField(help_text=_("Bytes."))
    etag = serializers.CharField(help_text=_("The SHA-256 of the stored file."))
    checksums = serializers.DictField(
        child=serializers.CharField(), help_text=_("“sha256”: the same.")
    )
    metadata = serializers.DictField(help_text=_("Always empty."))
    created_at = serializers.DateTimeField(help_text=_("When it was stored."))
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text=_("Null: it does not expire.")
    )
    urls = FileAddresses()


def refusals(*statuses: int) -> dict[Any, Any]:
    """Return these refusals as problem JSON."""
    return dict.fromkeys([(status, PROBLEM_TYPE) for status in statuses], ProblemSerializer)


TAGS: Final = ["Replicate"]
READ: Final = refusals(401, 403, 404, 429)
ORDERED: Final = {
    201: Prediction,
    **refusals(400, 401, 402, 403, 404, 409, 413, 415, 422, 429, 503),
}
ENDED: Final = {200: Prediction, **READ, **refusals(409)}
PAGE: Final = {200: PredictionPage, **READ, **refusals(400)}
STORED: Final = {201: StoredPicture, **refusals(400, 401, 403, 409, 413, 415, 422, 429, 503)}
FILE: Final = {FORM: FileWords}
PAGE_WORDS: Final = [USER, LIMIT, CURSOR]
IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER
)
OWNER: Final = OpenApiParameter(
    "owner", OpenApiTypes.STR, OpenApiParameter.PATH,
    description=_("Any, unless staff gave a model the name “owner/name”."),
)  # fmt: skip
MODEL_NAME: Final = OpenApiParameter(
    "name", OpenApiTypes.STR, OpenApiParameter.PATH, description=_("The model's name.")
)
VERSION: Final = OpenApiParameter(
    "version", OpenApiTypes.STR, OpenApiParameter.PATH, description=_("Any: a model has one.")
)
PREFER: Final = OpenApiParameter(
    "Prefer", OpenApiTypes.STR, OpenApiParameter.HEADER,
    description=_("`wait` or `wait=N`: answers as soon as the task ends, at the latest after 55 or N (1 to 60) seconds."),
)  # fmt: skip
