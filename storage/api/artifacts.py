"""Which picture a door is about, and what its file is called."""

import re
from typing import Final

from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from genhub.lib.errors import NotFound, gettext_noop, refuse_field
from genhub.platforms.authentication import caller_of
from storage.erasing import PictureTakenDown
from storage.links import name_file
from storage.models import Artifact
from storage.selectors import find_artifact
from storage.taking_down import is_taken_down

FILENAME: Final = "filename"
NAMED: Final = OpenApiParameter(
    FILENAME,
    OpenApiTypes.STR,
    description=_("Browsers save the file under this name; its ending follows from its type."),
)
LONGEST_NAME: Final = 150
# Systems take these for parts of a path, or for nothing.
UNFIT: Final = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f-\x9f]')
UNFIT_NAME: Final = gettext_noop(
    "A file's name has 1 to %(most)s characters, none of / \\ : * ? \" < > | and no control characters."
)


def get_artifact(request: Request, wire_id: str) -> Artifact:
    """Return one of the caller's pictures, or raise NotFound, or PictureTakenDown."""
    caller = caller_of(request)
    artifact = find_artifact(caller.platform.pk, caller.user_for_read(None), wire_id)
    if artifact is None:
        if is_taken_down(caller.platform.pk, caller.user_for_read(None), wire_id):
            raise PictureTakenDown
        raise NotFound(thing=gettext_noop("picture"))
    return artifact


def is_fit(name: str) -> bool:
    """Return whether every system takes this for a file's name."""
    return bool(name.strip()) and len(name) <= LONGEST_NAME and not UNFIT.search(name)


def read_disposition(request: Request, artifact: Artifact, *, thumbnail: bool) -> str:
    """Return the Content-Disposition by which a browser saves a picture under the name that the request says; empty
    without one."""
    name = request.query_params.get(FILENAME)
    if name is None:
        return ""
    if not is_fit(name):
        raise refuse_field(FILENAME, "invalid", UNFIT_NAME, most=LONGEST_NAME)
    called = name_file(artifact, name, thumbnail=thumbnail)
    return content_disposition_header(True, called) or ""  # noqa: FBT003 (Django's order)
