"""Lists in pages: by cursor (any depth at the same cost), or by page and limit for those who count pages."""

import uuid
from typing import Any

from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from genhub.lib.errors import FieldError, InvalidRequest, Problem, gettext_noop

LARGEST_PAGE = 100
DEFAULT_PAGE = 20
# Deeper pages cost more with each step; whoever goes deeper uses the cursor.
DEEPEST_ROW = 10_000
# Python reads no number of thousands of digits, and nobody means one.
LONGEST_DIGITS = 9


class CursorInvalid(Problem):
    """The cursor is none of ours."""

    code = "cursor_invalid"
    status = 400
    title = gettext_noop("The cursor is not valid")
    detail = gettext_noop("Use the “next” or “previous” link of an earlier answer as it is.")


class NewestFirst(CursorPagination):
    """Cursor pages over UUIDv7 ids, newest first; `limit` rows each (default 20, at most 100)."""

    ordering = "-id"
    position_type: type[Any] = uuid.UUID
    page_size = DEFAULT_PAGE
    page_size_query_param = "limit"
    max_page_size = LARGEST_PAGE

    def decode_cursor(self, request: Request) -> Any:
        """Return the cursor of a request, or raise CursorInvalid."""
        try:
            cursor = super().decode_cursor(request)
            # Positions are unique, so each of our cursors stands at one; anything else would fail in the database.
            if cursor is not None:
                self.position_type(str(cursor.position))
        except Exception as error:
            raise CursorInvalid from error
        return cursor

    def get_paginated_response(self, data: Any) -> Response:
        """Return a page with links to its neighbours."""
        links = {"next": self.get_next_link(), "previous": self.get_previous_link()}
        return Response({"items": data, **links})


def read_page_words(request: Request) -> tuple[int | None, int]:
    """Return (page, limit) of a request, page None for cursor pages; raise InvalidRequest when one is not a number."""
    errors, values = [], {}
    for name, default, most in (("page", 0, DEEPEST_ROW), ("limit", DEFAULT_PAGE, LARGEST_PAGE)):
        text = request.query_params.get(name)
        if text is None:
            values[name] = default
        elif (
            not text.isascii()
            or not text.isdigit()
            or len(text) > LONGEST_DIGITS
            or not 1 <= int(text) <= most
        ):
            message = gettext_noop("A whole number from 1 to %(most)s.")
            errors.append(FieldError(name, "invalid", message, {"most": most}))
        else:
            values[name] = int(text)
    if not errors and values["page"] * values["limit"] > DEEPEST_ROW:
        message = gettext_noop("Pages end at row %(most)s; go deeper by cursor (leave “page” out).")
        errors.append(FieldError("page", "too_deep", message, {"most": DEEPEST_ROW}))
    if errors:
        raise InvalidRequest(errors=errors)
    return values["page"] or None, values["limit"]


class ProblemSerializer(serializers.Serializer[Any]):
    """Every refusal, as RFC 9457 problem JSON."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    # The base class has a property of this name, which a schema never reads.
    errors = serializers.ListField(child=serializers.DictField())  # type: ignore[assignment]
    params = serializers.DictField(required=False)
