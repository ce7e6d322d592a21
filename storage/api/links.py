"""The doors to share links: make one, list them, end one."""

from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from genhub.api import field_words, page_words
from genhub.api.etags import ConditionalView
from genhub.api.fields import (
    StrictBooleanField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
)
from genhub.api.idempotency import read_idempotency_key
from genhub.api.pages import NewestFirst
from genhub.lib.errors import NotFound, gettext_noop
from genhub.lib.ids import to_wire
from genhub.platforms import idempotency
from genhub.platforms.models import Scope
from storage.api.artifacts import LONGEST_NAME, UNFIT_NAME, get_artifact, is_fit
from storage.api.schema import NAMED_REFUSALS, PROBLEM
from storage.links import (
    PREFIX,
    STATES,
    address_of,
    find_links,
    make_link,
    revoke_link,
    state_of,
)
from storage.models import Artifact, ShareLink
from storage.reviews import PictureRejected, PictureWaits
from storage.selectors import PREFIX as ARTIFACT

USUAL_SECONDS: Final = 7 * 86_400
LONGEST_SECONDS: Final = 366 * 86_400
MOST_USES: Final = 1_000_000


class LinkWords(StrictSerializer):
    """What a link allows."""

    expires_in = StrictIntegerField(
        min_value=60, max_value=LONGEST_SECONDS, default=USUAL_SECONDS,
        help_text=_("Seconds from now, at most 366 days. Default: a week."),
    )  # fmt: skip
    most_uses = StrictIntegerField(
        required=False, min_value=1, max_value=MOST_USES,
        help_text=_("How often it opens the picture. Default: any number of times."),
    )  # fmt: skip
    name = StrictCharField(
        required=False, max_length=LONGEST_NAME,
        help_text=_("What the file is called; its ending follows from its type. Default: the picture's id."),
    )  # fmt: skip
    download = StrictBooleanField(
        default=False, help_text=_("true: browsers save the picture; else they show it.")
    )

    def validate_name(self, value: str) -> str:
        """Refuse what no system takes for a name."""
        if not is_fit(value):
            message = gettext(UNFIT_NAME) % {"most": LONGEST_NAME}
            raise serializers.ValidationError(message, "invalid")
        return value


class Link(serializers.Serializer[Any]):
    """An address that opens a picture to whoever has it."""

    id = serializers.CharField(help_text=_("The id of a share link: `lnk_…`."))
    url = serializers.URLField(help_text=_("Needs no key; 410 once it has ended."))
    artifact = serializers.CharField(help_text=field_words.ARTIFACT)
    state = serializers.ChoiceField(
        STATES,
        help_text=_(
            "open: it opens the picture. spent: it was used as often as it may be. expired: its time is over. revoked: it was ended before."
        ),
    )
    uses = serializers.IntegerField(help_text=_("How often it was opened."))
    most_uses = serializers.IntegerField(allow_null=True, help_text=_("Null: any number."))
    name = serializers.CharField(
        allow_null=True, help_text=_("What the file is called. Null: the picture's id.")
    )
    download = serializers.BooleanField(
        help_text=_("true: browsers save the picture; else they show it.")
    )
    created_at = serializers.DateTimeField(help_text=field_words.CREATED)
    expires_at = serializers.DateTimeField(help_text=_("From then on it opens nothing."))
    revoked_at = serializers.DateTimeField(allow_null=True, help_text=field_words.REVOKED)


class LinkPage(serializers.Serializer[Any]):
    """A page of links."""

    items = Link(many=True, help_text=page_words.ITEMS)
    next, previous = page_words.link_fields()


EXAMPLE = OpenApiExample(
    "For one download within a day",
    value={"expires_in": 86_400, "most_uses": 1, "name": "春季海报", "download": True},
    request_only=True,
)
PAGES = [page_words.LIMIT, page_words.CURSOR]
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=_("The same key and body again answer the same link; at most 255 bytes."),
)


class LinkListView(ConditionalView):
    """A picture's links."""

    scopes = {"GET": Scope.TASKS_READ, "POST": Scope.TASKS_WRITE}
    problems = {"POST": (PictureWaits, PictureRejected)}

    @extend_schema(
        responses={200: LinkPage, **NAMED_REFUSALS},
        parameters=PAGES,
        operation_id="artifacts_links_list",
        summary=_("List a picture's share links, newest first"),
    )
    def get(self, request: Request, artifact_id: str) -> Response:
        """Answer one page."""
        pages, artifact = NewestFirst(), get_artifact(request, artifact_id)
        rows = pages.paginate_queryset(find_links(artifact), request, self)
        return pages.get_paginated_response([answer_link(row) for row in rows or []])

    @extend_schema(
        request=LinkWords,
        responses={201: Link, **NAMED_REFUSALS, **dict.fromkeys((409, 422), PROBLEM)},
        parameters=[IDEMPOTENCY_KEY],
        examples=[EXAMPLE],
        summary=_("Share a picture"),
    )
    def post(self, request: Request, artifact_id: str) -> Response:
        """Make a link and answer 201 with its address."""
        artifact = get_artifact(request, artifact_id)
        words = LinkWords(data=request.data)
        words.is_valid(raise_exception=True)
        said = words.validated_data
        link = make_link(
            artifact,
            seconds=said["expires_in"],
            use=use_of(artifact, read_idempotency_key(request), said),
            most_uses=said.get("most_uses"),
            name=said.get("name", ""),
            is_download=said["download"],
        )
        return Response(answer_link(link), 201, headers={"Location": address_of(link)})


class LinkView(APIView):
    """One link of a picture."""

    scopes = {"DELETE": Scope.TASKS_WRITE}

    @extend_schema(responses={204: None, **NAMED_REFUSALS}, summary=_("End a share link"))
    def delete(self, request: Request, artifact_id: str, link_id: str) -> Response:
        """End it at once; addresses of the file that it gave before work for some minutes more."""
        if not revoke_link(get_artifact(request, artifact_id), link_id):
            raise NotFound(thing=gettext_noop("link"))
        return Response(status=204)


def use_of(artifact: Artifact, key: str, said: dict[str, Any]) -> idempotency.Use:
    """Return the owner's use of a key for a link: to use it for an upload is to send another body."""
    fingerprint = idempotency.digest({"link": artifact.pk.hex, **said})
    scope = idempotency.Scope.UPLOAD
    return idempotency.Use(artifact.platform_id, artifact.user, scope, key, fingerprint)


def answer_link(link: ShareLink) -> dict[str, Any]:
    """Return what there is to know of a link that `find_links` found."""
    return {
        "id": to_wire(PREFIX, link.pk),
        "url": address_of(link),
        "artifact": to_wire(ARTIFACT, link.artifact_id),
        "state": state_of(link),
        "uses": link.uses,
        "most_uses": link.most_uses,
        "name": link.name or None,
        "download": link.is_download,
        "created_at": link.created_at,
        "expires_at": link.expires_at,
        "revoked_at": link.revoked_at,
    }
