"""The door for input pictures."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from genhub.api import field_words
from genhub.api.idempotency import read_idempotency_key
from genhub.api.pages import ProblemSerializer
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop
from genhub.lib.ids import to_wire
from genhub.platforms.authentication import WrongUser, caller_of
from genhub.platforms.models import Scope
from storage import decoding
from storage.api.parsers import FORM, FORM_EXAMPLE, MalformedForm, PictureParser
from storage.api.reviews import ReviewWords, answer_review
from storage.models import Artifact
from storage.selectors import PREFIX
from storage.uploads import FIELD, UploadsBusy, take_picture
from storage.usage import StorageFull

USER = "user"


class UploadForm(serializers.Serializer[Any]):
    """A picture as a form sends it."""

    file = serializers.FileField(
        help_text=_("PNG, JPEG, WebP, AVIF or HEIC; only the first frame is taken.")
    )
    user = serializers.CharField(required=False, help_text=_("Required with a platform's key."))


class UploadedPicture(serializers.Serializer[Any]):
    """A picture that orders of its owner may start from: `image` or `mask` of an order takes its id."""

    id = serializers.CharField(help_text=field_words.ARTIFACT)
    url = serializers.URLField(help_text=field_words.FILE_URL)
    width = serializers.IntegerField(help_text=_("Pixels, after shrinking."))
    height = serializers.IntegerField(help_text=_("Pixels, after shrinking."))
    sha256 = serializers.CharField(help_text=_("Of the stored file, not of the one sent."))
    content_type = serializers.CharField(help_text=field_words.CONTENT_TYPE)
    size_bytes = serializers.IntegerField(help_text=field_words.SIZE_BYTES)
    created_at = serializers.DateTimeField(help_text=field_words.CREATED)
    review = ReviewWords(
        allow_null=True, help_text=_("Whether staff approved it. Null: nobody asked them.")
    )


EXAMPLE = OpenApiExample(
    "A photo",
    value={
        "id": "art_0199c0ffee007000800000000000cafe",
        "url": "https://hub.example/api/v1/artifacts/art_0199c0ffee007000800000000000cafe",
        "width": 1024,
        "height": 683,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "content_type": "image/jpeg",
        "size_bytes": 148223,
        "created_at": "2026-11-22T20:45:00Z",
        "review": None,
    },
    response_only=True,
    status_codes=["201"],
)


class UploadView(APIView):
    """Take a picture in."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": (MalformedForm, StorageFull, UploadsBusy, WrongUser)}
    needs_body = ("POST",)
    parser_classes = [PictureParser]

    @extend_schema(
        request={**dict.fromkeys(decoding.TYPES, OpenApiTypes.BINARY), FORM: UploadForm},
        responses={
            201: UploadedPicture,
            **dict.fromkeys(
                (400, 401, 403, 413, 422, 503, 507), OpenApiResponse(ProblemSerializer)
            ),
        },
        parameters=[
            OpenApiParameter(
                USER, OpenApiTypes.STR, description=_("Whose it is (platform keys, raw body).")
            ),
            OpenApiParameter(
                "Idempotency-Key",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description=_(
                    "The same key and picture again answer the same artifact; at most 255 bytes."
                ),
            ),
        ],
        examples=[EXAMPLE, FORM_EXAMPLE],
        operation_id="artifacts_create",
        summary=_("Upload a picture to start from"),
    )
    def post(self, request: Request) -> Response:
        """Check, shrink and store the picture without its metadata; answer 201 with its id."""
        file = read_file(request)
        caller = caller_of(request)
        user = caller.user_for_write(request.POST.get(USER, request.query_params.get(USER)))
        row = take_picture(
            file.read(),
            str(file.content_type),
            platform_id=caller.platform.pk,
            user=user,
            idempotency_key=read_idempotency_key(request),
        )
        answer = answer_picture(row, request)
        return Response(answer, 201, headers={"Location": answer["url"]})


def read_file(request: Request) -> "UploadedFile[bytes]":
    """Return the one file of a request; refuse what else a form may hold."""
    files = request.FILES
    unknown = sorted({*files, *request.POST} - {FIELD, USER})
    if unknown:
        message = gettext_noop("There is no field of this name.")
        raise InvalidRequest(errors=[FieldError(name, "unknown", message) for name in unknown])
    sent = files.getlist(FIELD)
    if len(sent) == 1 and sent[0].size:
        file: UploadedFile[bytes] = sent[0]
        return file
    message = gettext_noop("Send one picture: as the body, or as the part “file” of a form.")
    code = "too_many" if len(sent) > 1 else "required"
    raise InvalidRequest(errors=[FieldError(FIELD, code, message)])


def answer_picture(row: Artifact, request: Request) -> dict[str, Any]:
    """Return an uploaded picture's facts."""
    wire_id = to_wire(PREFIX, row.pk)
    return {
        "id": wire_id,
        "url": reverse("artifact", [wire_id], request=request),
        "width": row.width,
        "height": row.height,
        "sha256": row.sha256,
        "content_type": row.content_type,
        "size_bytes": row.size_bytes,
        "created_at": row.created_at,
        "review": answer_review(row),
    }
