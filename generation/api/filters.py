"""The words of an address that say which tasks a list is asked for."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from generation.selectors.filters import TaskFilters
from generation.states import TaskState
from genhub.api.fields import StrictCharField
from genhub.lib import requestid
from genhub.lib.errors import gettext_noop, refuse_field

STATES = [state.value for state in TaskState]
MOST_METADATA = 5
LONGEST_NAME, LONGEST_VALUE = 200, 1000
METADATA = "metadata"
BY_PAGE = gettext_noop("Lists by page number have no filters; leave “page” out and follow “next”.")


class FilterSerializer(serializers.Serializer[Any]):
    """What each word may be."""

    status = serializers.ListField(child=StrictCharField(allow_blank=True), required=False)
    template = StrictCharField(required=False, max_length=100)
    model = StrictCharField(required=False, max_length=100)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    request_id = StrictCharField(required=False, max_length=requestid.LONGEST)
    metadata = serializers.DictField(
        child=StrictCharField(max_length=LONGEST_VALUE, trim_whitespace=False, allow_blank=True),
        required=False,
    )

    def validate_status(self, value: list[str]) -> list[str]:
        """Refuse a state that there is not."""
        if not set(value) <= set(STATES):
            message = gettext("It must be one of %(limit)s.") % {"limit": ", ".join(STATES)}
            raise serializers.ValidationError(message, "enum")
        return value

    def validate_metadata(self, value: dict[str, str]) -> dict[str, str]:
        """Refuse more keys than anybody needs, and what no task can have."""
        if len(value) > MOST_METADATA:
            message = gettext("At most %(most)s keys.") % {"most": MOST_METADATA}
            raise serializers.ValidationError(message, "too_many")
        if any(not name or "\0" in name or len(name) > LONGEST_NAME for name in value):
            raise serializers.ValidationError(
                gettext("Write metadata.name=value, or metadata=name=value."), "invalid"
            )
        return value


def read_filters(request: Request) -> TaskFilters:
    """Return which tasks are asked for; raise naming each word that is wrong."""
    said: dict[str, Any] = {
        name: request.query_params[name]
        for name in ("template", "model", "since", "until", "request_id")
        if name in request.query_params
    }
    if states := request.query_params.getlist("status"):
        said["status"] = [one.strip() for state in states for one in state.split(",")]
    if metadata := read_metadata(request):
        said[METADATA] = metadata
    serializer = FilterSerializer(data=said)
    serializer.is_valid(raise_exception=True)
    words = dict(serializer.validated_data)
    filters = TaskFilters(states=words.pop("status", ()), **words)
    if not filters.is_empty and "page" in request.query_params:
        raise refuse_field("page", "filtered", BY_PAGE)
    return filters


def read_metadata(request: Request) -> dict[str, str]:
    """Return keys and values, said as `metadata.name=value`, or as `metadata=name=value` where a client knows its words
    beforehand."""
    found = {}
    for name, values in request.query_params.lists():
        if name.startswith(f"{METADATA}."):
            found[name.removeprefix(f"{METADATA}.")] = values[-1]
        elif name == METADATA:
            found |= {key: text for key, _, text in (value.partition("=") for value in values)}
    return found


PARAMETERS = [
    OpenApiParameter(
        "status",
        OpenApiTypes.STR,
        enum=STATES,
        many=True,
        description=_("Those in one of these states; several times, or parted by commas."),
    ),
    OpenApiParameter("template", OpenApiTypes.STR, description=_("Those of this template.")),
    OpenApiParameter("model", OpenApiTypes.STR, description=_("Those of this model.")),
    OpenApiParameter(
        "since", OpenApiTypes.DATETIME, description=_("Those ordered then or later (RFC 3339).")
    ),
    OpenApiParameter(
        "until", OpenApiTypes.DATETIME, description=_("Those ordered before (RFC 3339).")
    ),
    OpenApiParameter(
        "request_id",
        OpenApiTypes.STR,
        description=_("Those that the request with this X-Request-ID ordered."),
    ),
    OpenApiParameter(
        METADATA,
        OpenApiTypes.STR,
        many=True,
        description=_(
            "`name=value`: those with this in their metadata; or say `metadata.name=value`. A page with filters may "
            "hold fewer rows than “limit”, even none: as long as there is a “next”, there may be more."
        ),
    ),
]
