"""The doors to a picture at a size for pages, drawn when it is asked for and kept by whoever has it; and to what was
drawn of a clip when it was stored."""

from django.core.files.storage import default_storage
from django.http import HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from genhub.api.negotiation import WhateverIsAccepted
from genhub.lib.errors import InvalidRequest, NotFound, gettext_noop
from genhub.lib.etags import is_known
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope
from storage.api.artifacts import get_artifact
from storage.api.schema import PROBLEM
from storage.edits.editing import Wanted, draw_preview, plan_edit
from storage.erasing import PictureTakenDown
from storage.models import Artifact
from storage.selectors import sign_key
from storage.uploads import UploadsBusy


class PreviewView(APIView):
    """A picture, at most 1,024 pixels a side; or the beginning of a clip, moving, at most 320."""

    content_negotiation_class = WhateverIsAccepted
    scopes = {"GET": Scope.TASKS_READ}
    problems = {"GET": (InvalidRequest, PictureTakenDown, UploadsBusy)}
    is_tagged = True

    @extend_schema(
        responses={
            (200, "image/webp"): OpenApiResponse(
                OpenApiTypes.BINARY,
                description=_(
                    "A WebP of at most 1,024 pixels a side; of a clip its first three seconds, at most 320."
                ),
            ),
            **dict.fromkeys((400, 401, 403, 404, 410, 503), PROBLEM),
        },
        summary=_("Fetch a picture at a size for pages"),
    )
    def get(self, request: Request, artifact_id: str) -> HttpResponse:
        """Draw it, unless the caller has it: a picture never changes."""
        artifact = get_artifact(request, artifact_id)
        tag = f'"{artifact.sha256}-preview"'
        headers = {"ETag": tag, "Cache-Control": "private, max-age=31536000, immutable"}
        if is_known(request._request, tag):  # noqa: SLF001 (DRF has no other door)
            return HttpResponseNotModified(headers=headers)
        headers["X-Content-Type-Options"] = "nosniff"
        if artifact.is_clip:
            return HttpResponse(read_preview(artifact), content_type="image/webp", headers=headers)
        producer = caller_of(request).platform.label_producer
        drawn = draw_preview(plan_edit(artifact, Wanted(()), producer=producer))
        return HttpResponse(drawn.data, content_type=drawn.content_type, headers=headers)


class PosterView(APIView):
    """The first frame of a clip."""

    content_negotiation_class = WhateverIsAccepted
    scopes = {"GET": Scope.TASKS_READ}
    problems = {"GET": (PictureTakenDown,)}

    @extend_schema(
        responses={302: None, **dict.fromkeys((400, 401, 403, 404, 410), PROBLEM)},
        summary=_("Fetch a clip's poster"),
    )
    def get(self, request: Request, artifact_id: str) -> HttpResponse:
        """Redirect to a freshly signed link; 404 for a picture, which is its own."""
        artifact = get_artifact(request, artifact_id)
        if not artifact.poster_key:
            raise NotFound(thing=gettext_noop("poster"))
        response = HttpResponseRedirect(sign_key(artifact.poster_key))
        # Not to be kept: the link goes stale.
        response["Cache-Control"] = "no-store"
        return response


def read_preview(artifact: Artifact) -> bytes:
    """Return the stored preview of a clip; raise NotFound for one that was stored before clips had any."""
    if not artifact.preview_key:
        raise NotFound(thing=gettext_noop("preview"))
    with default_storage.open(artifact.preview_key) as file:
        data: bytes = file.read()
    return data
