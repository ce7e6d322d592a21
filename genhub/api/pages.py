"""Lists in pages: by cursor (any depth at the same cost), or by page and limit for those who count pages."""

import uuid
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from genhub.api import field_words
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


class FittingNewestFirst(NewestFirst):
    """Pages of those rows that fit, which may be rare: each looks at so many rows at most, and its links go on where it
    ended, so that it may hold fewer than `limit` and have a neighbour all the same."""

    most_rows = 10_000

    def __init__(self, rows: QuerySet[Any]) -> None:
        """Take all rows, whether they fit or not."""
        self.rows = rows
        self.edge: Any = None
        self.is_reverse = False

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        """Return the page of a request; `queryset` are the rows that fit."""
        cursor = self.decode_cursor(request)
        self.is_reverse = bool(cursor and cursor.reverse)
        self.edge = self.find_edge(cursor.position if cursor else None)
        if self.edge:
            queryset = queryset.filter(**{f"pk__{'lte' if self.is_reverse else 'gte'}": self.edge})
        page: Any = super().paginate_queryset(queryset, request, view)
        if self.has_previous if self.is_reverse else self.has_next:
            # The page was full before the edge.
            self.edge = None
        return page

    def find_edge(self, position: Any) -> Any:
        """Return the last row that is looked at from a position on, None when those are all there are."""
        rows = self.rows.order_by("pk" if self.is_reverse else "-pk")
        if position is not None:
            rows = rows.filter(**{f"pk__{'gt' if self.is_reverse else 'lt'}": position})
        last = self.most_rows - 1
        return next(iter(rows.values_list("pk", flat=True)[last : last + 1]), None)

    def get_next_link(self) -> str | None:
        """Return where it goes on to older rows."""
        if self.edge and not self.is_reverse:
            return self.link(self.edge, reverse=False)
        if not self.page and self.is_reverse and self.has_next:
            return self.turn(by=1)
        return super().get_next_link()

    def get_previous_link(self) -> str | None:
        """Return where it goes on to newer rows."""
        if self.edge and self.is_reverse:
            return self.link(self.edge, reverse=True)
        if not self.page and not self.is_reverse and self.has_previous:
            return self.turn(by=-1)
        return super().get_previous_link()

    def turn(self, *, by: int) -> str:
        """Return where an empty page came from: the row at its position was the last one looked at, and may fit."""
        cursor: Any = self.cursor
        position = uuid.UUID(int=uuid.UUID(str(cursor.position)).int + by)
        return self.link(position, reverse=not self.is_reverse)

    def link(self, position: uuid.UUID, *, reverse: bool) -> str:
        """Return the address of the page beyond a row."""
        # Our positions are ids, where DRF's types count rows.
        at: Any = str(position)
        return self.encode_cursor(Cursor(offset=0, reverse=reverse, position=at))


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


class FieldProblemSerializer(serializers.Serializer[Any]):
    """What is wrong with one field."""

    field = serializers.CharField(
        help_text=_("Where it stands, such as `operations[2].size`; empty: in no field of its own.")
    )
    code = serializers.CharField(help_text=_("A stable word; all stand at the document's head."))
    message = serializers.CharField(
        help_text=_("What is wrong and how to mend it, in the reader's language.")
    )


class ProblemSerializer(serializers.Serializer[Any]):
    """Every refusal, as RFC 9457 problem JSON."""

    type = serializers.CharField(
        help_text=_("`about:blank#` and the code: a name, and no address.")
    )
    title = serializers.CharField(help_text=field_words.TITLE)
    status = serializers.IntegerField(help_text=_("The HTTP status."))
    detail = serializers.CharField(help_text=field_words.MESSAGE)
    code = serializers.CharField(help_text=field_words.CODE)
    # The base class has a property of this name, which a schema never reads.
    errors = FieldProblemSerializer(  # type: ignore[assignment]
        many=True, help_text=_("What is wrong with single fields; empty where none is.")
    )
    params = serializers.DictField(
        required=False, help_text=_("The values that the detail says, by name, where it says any.")
    )
