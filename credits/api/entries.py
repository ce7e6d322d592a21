"""The doors to a statement: its entries in pages, and all of them as CSV."""

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.dateparse import parse_datetime
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from credits.api import schema
from credits.entries import ORDER, Filters, describe_entry
from credits.export import CONTENT_TYPE, file_name, stream_entries
from credits.models import Kind
from credits.selectors import find_entries, find_purse
from genhub.api.fields import StrictSerializer
from genhub.api.pages import NewestFirst, read_page_words
from genhub.lib.ids import NOBODY, from_wire
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope

SPACE_FOR_PLUS = re.compile(r"\d \d\d:?\d\d$")


class FilterSerializer(StrictSerializer):
    """The words of a statement's address."""

    default_error_messages = {
        "task": _("A task's id is “task_” and 32 hexadecimal digits."),
        "time": _("Write a time such as 2026-11-22T10:00:00Z, with its offset."),
        "plus": _("In an address “+” means a space: write it as %2B, as in 10:00:00%2B08:00."),
    }

    user = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    kind = serializers.ChoiceField(Kind.choices, required=False)
    task = serializers.CharField(required=False)
    since = serializers.CharField(required=False)
    until = serializers.CharField(required=False)

    def validate_task(self, value: str) -> uuid.UUID:
        """Return the order's id; one that nobody has finds nothing."""
        order_id = from_wire(ORDER, value)
        if order_id == NOBODY:
            raise serializers.ValidationError(self.error_messages["task"], "invalid")
        return order_id

    def validate_since(self, value: str) -> datetime:
        """Return the time."""
        return self.read_time(value)

    def validate_until(self, value: str) -> datetime:
        """Return the time."""
        return self.read_time(value)

    def read_time(self, value: str) -> datetime:
        """Return an RFC 3339 time; one without an offset could mean a day more or less."""
        try:
            given = parse_datetime(value)
            # In UTC: PostgreSQL knows no offset of 16 hours, and no time beyond its calendar.
            time = given.astimezone(UTC) if given and given.tzinfo else None
        except (ValueError, OverflowError):
            time = None
        if time is None and SPACE_FOR_PLUS.search(value):
            raise serializers.ValidationError(self.error_messages["plus"], "plus_as_space")
        if time is None:
            raise serializers.ValidationError(self.error_messages["time"], "invalid")
        return time


class PageSerializer(FilterSerializer):
    """The words of a page's address; its own two are known here and read by the page."""

    limit = serializers.ReadOnlyField()
    cursor = serializers.ReadOnlyField()


class NewestEntries(NewestFirst):
    """Cursor pages over the numbers that a purse gives its entries."""

    ordering = "-purse_version"
    position_type = int


class CsvRenderer(JSONRenderer):
    """Lets callers ask for CSV; the view streams that itself, so what is left to render are refusals in JSON."""

    media_type = "text/csv"
    format = "csv"


class EntryListView(APIView):
    """A user's statement."""

    scopes = {"GET": Scope.CREDITS_READ}

    @extend_schema(
        responses={200: schema.EntryPageSerializer, **schema.REFUSALS},
        parameters=[*schema.FILTERS, *schema.PAGES],
        operation_id="credits_entries_list",
        summary=_("List the entries of a statement, newest first"),
    )
    def get(self, request: Request) -> Response:
        """Answer one page."""
        read_page_words(request)
        purse_id, _user, filters = read_filters(request, PageSerializer)
        paginator = NewestEntries()
        rows = paginator.paginate_queryset(find_entries(purse_id, filters), request, view=self)
        return paginator.get_paginated_response([describe_entry(row) for row in rows or []])


class EntryExportView(APIView):
    """A user's statement as a file."""

    scopes = {"GET": Scope.CREDITS_READ}
    renderer_classes = [JSONRenderer, CsvRenderer]

    @extend_schema(
        responses={(200, "text/csv"): OpenApiTypes.STR, **schema.REFUSALS},
        parameters=schema.FILTERS,
        operation_id="credits_entries_export",
        summary=_("Export the entries of a statement as CSV"),
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Stream every entry that was asked for, newest first, all of the moment of the call."""
        purse_id, user, filters = read_filters(request, FilterSerializer)
        lines = stream_entries(purse_id, filters)
        attachment = content_disposition_header(as_attachment=True, filename=file_name(user))
        headers = {"Content-Disposition": attachment, "Cache-Control": "no-store"}
        return StreamingHttpResponse(lines, content_type=CONTENT_TYPE, headers=headers)


def read_filters(
    request: Request, words: type[FilterSerializer]
) -> tuple[uuid.UUID | None, str, Filters]:
    """Return whose entries are asked for (None: a purse that nobody opened yet), the user's name, and which."""
    serializer = words(data=request.query_params.dict())
    serializer.is_valid(raise_exception=True)
    given: dict[str, Any] = dict(serializer.validated_data)
    caller = caller_of(request)
    user = caller.user_for_write(request.query_params.get("user"))
    wanted = {name: given.get(name) for name in ("kind", "task", "since", "until")}
    return find_purse(caller.platform.pk, user), user, Filters(**wanted)
