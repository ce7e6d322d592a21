"""The doors to the pictures that a user likes."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from generation.api import schema
from generation.api.preferences import USER, owner_of
from generation.models import Task
from generation.selectors.descriptions import describe_outputs, describe_picture
from generation.selectors.tasks import PREFIX
from genhub.api import field_words, page_words
from genhub.api.pages import NewestFirst
from genhub.lib.ids import to_wire
from genhub.platforms.models import Scope
from storage.api.artifacts import get_artifact
from storage.api.uploads import UploadedPicture, answer_picture
from storage.favourites import find_favourites, like, unlike
from storage.selectors import PREFIX as ARTIFACT

if TYPE_CHECKING:
    from storage.models import Artifact

DRAWN = ("output__task__template_version", "edit__parent__output__task__template_version")


class FavouritePicture(UploadedPicture):
    """A picture that its owner likes."""

    thumbnail_url = serializers.URLField(help_text=field_words.THUMBNAIL_URL)
    task_id = serializers.CharField(
        allow_null=True,
        help_text=_("What drew it, or what it was made of; null: nothing here did."),
    )
    edited = serializers.BooleanField(help_text=_("Whether it was made of another picture."))
    alt = serializers.CharField(help_text=_("What it shows; empty where nothing here drew it."))
    caption = serializers.CharField(
        help_text=_("The same, saying that a model made it; empty where “alt” is.")
    )
    favourite_at = serializers.DateTimeField(help_text=_("Since when."))


class FavouritePage(serializers.Serializer[Any]):
    """A page of favourites."""

    items = FavouritePicture(many=True, help_text=page_words.ITEMS)
    next, previous = page_words.link_fields()


class FavouriteListView(APIView):
    """A user's favourites."""

    scopes = {"GET": Scope.TASKS_READ}

    @extend_schema(
        responses={200: FavouritePage, **schema.REFUSALS},
        parameters=[USER, schema.LIMIT, schema.CURSOR],
        operation_id="me_favourites_list",
        summary=_("List a user's favourite pictures, newest first"),
    )
    def get(self, request: Request) -> Response:
        """Answer one page."""
        pages = NewestFirst()
        found = find_favourites(*owner_of(request)).select_related(*DRAWN)
        rows = pages.paginate_queryset(found, request, view=self) or []
        return pages.get_paginated_response([answer_favourite(row, request) for row in rows])


class FavouriteView(APIView):
    """Whether a picture is a favourite of its owner."""

    scopes = {"PUT": Scope.TASKS_WRITE, "DELETE": Scope.TASKS_WRITE}

    @extend_schema(
        request=None,
        responses={204: None, **schema.REFUSALS},
        summary=_("Mark a picture as a favourite"),
    )
    def put(self, request: Request, artifact_id: str) -> Response:
        """Mark it; marked twice, the first time stays."""
        like(get_artifact(request, artifact_id))
        return Response(status=204)

    @extend_schema(
        responses={204: None, **schema.REFUSALS}, summary=_("Take a picture from the favourites")
    )
    def delete(self, request: Request, artifact_id: str) -> Response:
        """Take the mark away; the picture stays."""
        unlike(get_artifact(request, artifact_id))
        return Response(status=204)


def answer_favourite(row: "Artifact", request: Request) -> dict[str, Any]:
    """Return a favourite with what its owner knows it by."""
    task = find_task(row)
    by_rules = describe_outputs(task) if task else {"alt": "", "caption": ""}
    return {
        **answer_picture(row, request),
        "thumbnail_url": reverse(
            "artifact-thumbnail", [to_wire(ARTIFACT, row.pk)], request=request
        ),
        "task_id": to_wire(PREFIX, task.pk) if task else None,
        "edited": hasattr(row, "edit") and not hasattr(row, "output"),
        **describe_picture(row, by_rules),
        "favourite_at": row.favourite_at,
    }


def find_task(row: "Artifact") -> Task | None:
    """Return the task that drew a picture, or what it was made of."""
    edit = getattr(row, "edit", None)
    for picture in (row, edit.parent if edit else None):
        if output := getattr(picture, "output", None):
            found: Task = output.task
            return found
    return None
