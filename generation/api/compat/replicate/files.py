"""Pictures to start from, as Replicate's clients upload them before they order."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from generation.api.compat.replicate import schema
from generation.api.compat.replicate.views import ReplicateView
from generation.api.schema import USER
from genhub.api.idempotency import read_idempotency_key
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop, refuse_field
from genhub.lib.ids import to_wire
from genhub.platforms.authentication import WrongUser, caller_of
from genhub.platforms.models import Scope
from storage.api.artifacts import get_artifact
from storage.api.parsers import MalformedForm, PictureParser
from storage.selectors import PREFIX
from storage.uploads import UploadsBusy, take_picture
from storage.usage import StorageFull

if TYPE_CHECKING:
    from storage.models import Artifact

PART = "content"


class FileListView(ReplicateView):
    """Take a picture in."""

    scopes = {"POST": Scope.TASKS_WRITE}
    problems = {"POST": (MalformedForm, StorageFull, UploadsBusy, WrongUser)}
    parser_classes = [PictureParser]

    @extend_schema(
        request=schema.FILE,
        responses=schema.STORED,
        parameters=[USER, schema.IDEMPOTENCY_KEY],
        operation_id="files_create",
        summary=_("Upload a picture to start from"),
        tags=schema.TAGS,
    )
    def post(self, request: Request) -> Response:
        """Check and store the part `content` of a form; answer 201 with its address, which `input` may name."""
        sent, caller = read_part(request), caller_of(request)
        row = take_picture(
            sent.read(),
            str(sent.content_type),
            platform_id=caller.platform.pk,
            user=caller.user_for_write(request.query_params.get("user")),
            idempotency_key=read_idempotency_key(request),
        )
        return Response(answer_file(row, request), 201)


class FileView(ReplicateView):
    """One picture's facts."""

    scopes = {"GET": Scope.TASKS_READ}

    @extend_schema(
        responses={200: schema.StoredPicture, **schema.READ},
        operation_id="files_get",
        summary=_("Read a picture's facts"),
        tags=schema.TAGS,
    )
    def get(self, request: Request, file_id: str) -> Response:
        """Answer them."""
        return Response(answer_file(get_artifact(request, file_id), request))


def read_part(request: Request) -> Any:
    """Return the one file of a form; refuse what else it holds."""
    others = sorted({*request.FILES, *request.POST} - {PART})
    if others:
        message = gettext_noop("There is no field of this name.")
        raise InvalidRequest(errors=[FieldError(name, "unknown", message) for name in others])
    sent = request.FILES.getlist(PART)
    if len(sent) != 1:
        message = gettext_noop("Send one picture, as the part “content” of a form.")
        raise refuse_field(PART, "required", message)
    return sent[0]


def answer_file(row: "Artifact", request: Request) -> dict[str, Any]:
    """Return a stored picture as a file."""
    wire_id = to_wire(PREFIX, row.pk)
    return {
        "id": wire_id,
        "name": wire_id,
        "content_type": row.content_type,
        "size": row.size_bytes,
        "etag": row.sha256,
        "checksums": {"sha256": row.sha256},
        "metadata": {},
        "created_at": row.created_at,
        "expires_at": None,
        "urls": {"get": reverse("artifact", [wire_id], request=request)},
    }
