"""The doors to uploads that go to the store itself: announce one, look at it, have it made an artifact."""

import re
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from genhub.api.etags import ConditionalView
from genhub.api.fields import StrictCharField, StrictIntegerField, StrictSerializer
from genhub.api.idempotency import read_idempotency_key
from genhub.lib.errors import InvalidRequest, NotFound, gettext_noop
from genhub.lib.ids import from_wire, to_wire
from genhub.platforms import idempotency
from genhub.platforms.authentication import WrongUser, caller_of
from genhub.platforms.models import Scope
from storage import decoding
from storage.api.schema import PROBLEM, REFUSALS
from storage.api.uploads import UploadedPicture, answer_picture
from storage.direct import (
    PREFIX,
    TooManyUploads,
    UploadMissing,
    UploadOver,
    address_of,
    announce,
    confirm,
    find_uploads,
)
from storage.models import DirectUpload
from storage.selectors import PREFIX as ARTIFACT
from storage.uploads import UploadsBusy
from storage.usage import StorageFull

SHA256: Final = re.compile("[0-9a-f]{64}")


class UploadWords(StrictSerializer):
    """A file that is to come."""

    default_error_messages = {"sum": _("64 digits from 0 to f, in small letters.")}

    content_type = serializers.ChoiceField(
        list(decoding.TYPES), help_text=_("The type of the file, with which it is sent.")
    )
    size_bytes = StrictIntegerField(
        min_value=1, max_value=2**53, help_text=_("Just so many bytes are taken.")
    )
    sha256 = StrictCharField(
        required=False,
        help_text=_("Of the file. One that is yours already need not be sent again: the answer names its artifact."),
    )  # fmt: skip
    user = StrictCharField(
        required=False, max_length=200, trim_whitespace=False,
        help_text=_("Whose it is. Required with a platform's key."),
    )  # fmt: skip

    def validate_sha256(self, value: str) -> str:
        """Refuse what is no such sum."""
        if not SHA256.fullmatch(value):
            raise serializers.ValidationError(self.error_messages["sum"], "invalid")
        return value


class Upload(serializers.Serializer[Any]):
    """An upload that was announced: where its file is to be sent, until it is confirmed."""

    id = serializers.CharField(help_text=_("The id of an announced upload: `upl_…`."))
    method = serializers.ChoiceField(["PUT"], help_text=_("How the file is sent: always PUT."))
    url = serializers.URLField(
        allow_null=True,
        help_text=_("Takes the file, without a key. Null: there is nothing to be sent any more."),
    )
    headers = serializers.DictField(
        child=serializers.CharField(), help_text=_("To be sent with the file, as they are.")
    )
    content_type = serializers.CharField(
        help_text=_("The type that was announced; the file is sent with it.")
    )
    size_bytes = serializers.IntegerField(help_text=_("The size that was announced, in bytes."))
    expires_at = serializers.DateTimeField(help_text=_("Until then it must be confirmed."))
    confirm_url = serializers.URLField(
        help_text=_("POST makes a picture of the file that was sent.")
    )
    artifact = serializers.CharField(
        allow_null=True, help_text=_("What it became. Null: it is not confirmed.")
    )


EXAMPLE = OpenApiExample(
    "A photo",
    value={"content_type": "image/png", "size_bytes": 69},
    request_only=True,
)


class UploadListView(APIView):
    """Announce uploads."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": (StorageFull, TooManyUploads, WrongUser)}

    @extend_schema(
        request=UploadWords,
        responses={201: Upload, **REFUSALS, **dict.fromkeys((409, 422, 429, 507), PROBLEM)},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description=_(
                    "The same key and body again answer the same upload; at most 255 bytes."
                ),
            ),
        ],
        examples=[EXAMPLE],
        summary=_("Announce a file that goes to the store itself"),
    )
    def post(self, request: Request) -> Response:
        """Answer 201 with where to send it."""
        words = UploadWords(data=request.data)
        words.is_valid(raise_exception=True)
        said, caller = dict(words.validated_data), caller_of(request)
        user = caller.user_for_write(said.pop("user", None))
        fingerprint = idempotency.digest({"direct": True, **said})
        key, scope = read_idempotency_key(request), idempotency.Scope.UPLOAD
        use = idempotency.Use(caller.platform.pk, user, scope, key, fingerprint)
        answer = answer_upload(announce(use, **said), request)
        return Response(answer, 201, headers={"Location": own_address(request, answer["id"])})


class UploadView(ConditionalView):
    """An upload."""

    scopes = {"GET": Scope.TASKS_READ}

    @extend_schema(
        responses={200: Upload, **REFUSALS, 404: PROBLEM}, summary=_("Look at an announced upload")
    )
    def get(self, request: Request, upload_id: str) -> Response:
        """Answer where it is to be sent, or what it became."""
        return Response(answer_upload(get_upload(request, upload_id), request))


class UploadConfirmView(APIView):
    """The end of an upload."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": (InvalidRequest, StorageFull, UploadMissing, UploadOver, UploadsBusy)}

    @extend_schema(
        request=None,
        responses={
            201: UploadedPicture,
            **REFUSALS,
            **dict.fromkeys((404, 409, 410, 503), PROBLEM),
        },
        summary=_("Make an artifact of a file that was sent to the store"),
    )
    def post(self, request: Request, upload_id: str) -> Response:
        """Check it as any upload and answer 201 with the picture; the second time with the same."""
        answer = answer_picture(confirm(get_upload(request, upload_id)), request)
        return Response(answer, 201, headers={"Location": answer["url"]})


def get_upload(request: Request, wire_id: str) -> DirectUpload:
    """Return one of the caller's uploads, or raise NotFound."""
    caller = caller_of(request)
    rows = find_uploads(caller.platform.pk, caller.user_for_read(None))
    row = rows.select_related("artifact").filter(pk=from_wire(PREFIX, wire_id)).first()
    if row is None:
        raise NotFound(thing=gettext_noop("upload"))
    return row


def own_address(request: Request, wire_id: str) -> str:
    """Return where an upload is looked at."""
    return str(reverse("upload", [wire_id], request=request))


def answer_upload(row: DirectUpload, request: Request) -> dict[str, Any]:
    """Return what there is to know of an upload."""
    wire_id = to_wire(PREFIX, row.pk)
    url, headers = (None, {}) if row.artifact_id else address_of(row)
    return {
        "id": wire_id,
        "method": "PUT",
        "url": url,
        "headers": dict(headers),
        "content_type": row.content_type,
        "size_bytes": row.size_bytes,
        "expires_at": row.expires_at,
        "confirm_url": reverse("upload-confirm", [wire_id], request=request),
        "artifact": to_wire(ARTIFACT, row.artifact_id) if row.artifact_id else None,
    }
