"""The door that tells whether this hub made a picture, and what became of it since."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.orders.treat import find_origin
from generation.selectors.tasks import PREFIX as TASK
from genhub.api.pages import ProblemSerializer
from genhub.lib.ids import to_wire
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope
from genhub.platforms.rates import Rate
from storage import decoding
from storage.api.parsers import FORM, FORM_EXAMPLE, MalformedForm, PictureParser
from storage.api.uploads import read_file
from storage.selectors import PREFIX, find_own
from storage.uploads import UploadsBusy
from storage.verifying import METADATA, NOTHING, PIXELS, SIZE, verify_picture

if TYPE_CHECKING:
    from storage.models import Artifact

# Of which verify takes one kind more than an upload does.


class VerifyForm(serializers.Serializer[Any]):
    """A picture as a form sends it."""

    file = serializers.FileField(help_text=_("PNG, JPEG, WebP, AVIF or HEIC. It is not kept."))


class VerdictSerializer(serializers.Serializer[Any]):
    """What is known of a picture."""

    made_here = serializers.BooleanField(
        allow_null=True,
        help_text=_("False: its labels are others'. Null: nobody can tell, since it has none, or since its label is this hub's and it was changed so much that the label may have been moved into it."),
    )  # fmt: skip
    artifact = serializers.CharField(
        allow_null=True, help_text=_("Its id, where it is one of yours.")
    )
    task = serializers.CharField(
        allow_null=True, help_text=_("Whose result it was, or what it was edited from, likewise.")
    )
    changed = serializers.ChoiceField(
        [NOTHING, METADATA, PIXELS, SIZE],
        allow_null=True,
        help_text=_("What is another than in the stored file: metadata is all but pixels. Null: not known."),
    )  # fmt: skip
    aigc = serializers.ChoiceField(
        ["ours", "other"], allow_null=True, help_text=_("Whose label of GB 45438 it has.")
    )
    producer = serializers.CharField(
        allow_null=True, help_text=_("Who made it, as that label says; proven if it is ours.")
    )
    credentials = serializers.ChoiceField(
        ["ours", "other", "broken"], allow_null=True,
        help_text=_("Whose C2PA manifest it has; broken: the file was changed after it was signed."),
    )  # fmt: skip


EXAMPLE = OpenApiExample(
    "A picture that was cropped",
    value={
        "made_here": True,
        "artifact": "art_0199c0ffee007000800000000000cafe",
        "task": "task_0199c0ffee007000800000000000beef",
        "changed": "size",
        "aigc": "ours",
        "producer": "GenHub",
        "credentials": None,
    },
    response_only=True,
    status_codes=["200"],
)


class VerifyView(APIView):
    """What is known of a picture."""

    scopes = {"POST": Scope.TASKS_READ}
    # It reads, whatever its method is.
    rate = Rate.READS
    problems = {"POST": (MalformedForm, UploadsBusy)}
    needs_body = ("POST",)
    parser_classes = [PictureParser]

    @extend_schema(
        request={**dict.fromkeys(decoding.TYPES, OpenApiTypes.BINARY), FORM: VerifyForm},
        responses={
            200: VerdictSerializer,
            **dict.fromkeys((400, 401, 403, 413, 422, 503), OpenApiResponse(ProblemSerializer)),
        },
        examples=[EXAMPLE, FORM_EXAMPLE],
        summary=_("Ask whether this hub made a picture, and what was changed since"),
    )
    def post(self, request: Request) -> Response:
        """Read the picture's labels and compare it with the stored one; keep nothing. Ids are its owner's alone."""
        verdict = verify_picture(read_file(request).read())
        own = self.find_own(request, verdict.artifact) if verdict.artifact else None
        task, _is_mixed = find_origin(own) if own else (None, False)
        return Response(
            {
                "made_here": verdict.made_here,
                "artifact": to_wire(PREFIX, own.pk) if own else None,
                "task": to_wire(TASK, task.pk) if task else None,
                "changed": verdict.changed,
                "aigc": verdict.aigc,
                "producer": verdict.producer or None,
                "credentials": verdict.credentials,
            }
        )

    def find_own(self, request: Request, artifact: "Artifact") -> "Artifact | None":
        """Return the caller's own row of a stored picture, None where it is somebody else's alone."""
        caller = caller_of(request)
        return find_own(caller.platform.pk, caller.user_for_read(None), artifact)
