"""The doors of subjects: which seeds are remembered, and how they are forgotten."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from generation.api import schema
from generation.api.answers import answer_seed
from generation.api.preferences import USER, owner_of
from generation.models import Subject
from generation.orders import subjects
from genhub.api import page_words
from genhub.api.pages import NewestFirst
from genhub.platforms.models import Scope
from genhub.retention.holds import UnderHold


class SubjectAnswer(serializers.Serializer[Any]):
    """A series, a character or a session, and the seed that its orders share."""

    name = serializers.CharField(help_text=_("What orders name as “subject”."))
    seed = serializers.IntegerField(help_text=_("The seed that its orders share, 0 to 2⁶³−1."))
    seed_text = serializers.CharField(
        allow_null=True, help_text=_("The seed as text where it exceeds 2⁵³−1, else null.")
    )
    created_at = serializers.DateTimeField(help_text=_("When an order named it first."))
    used_at = serializers.DateTimeField(help_text=_("When an order named it last."))


class SubjectPage(serializers.Serializer[Any]):
    """A page of subjects."""

    items = SubjectAnswer(many=True, help_text=page_words.ITEMS)
    next, previous = page_words.link_fields()


class SubjectListView(APIView):
    """A user's subjects."""

    scopes = {"GET": Scope.TASKS_READ, "DELETE": Scope.TASKS_WRITE}
    problems = {"DELETE": (UnderHold,)}

    @extend_schema(
        responses={200: SubjectPage, **schema.REFUSALS},
        parameters=[USER, schema.LIMIT, schema.CURSOR],
        operation_id="me_subjects_list",
        summary=_("List a user's subjects, newest first"),
    )
    def get(self, request: Request) -> Response:
        """Answer one page."""
        paginator = NewestFirst()
        found = subjects.find_subjects(*owner_of(request))
        rows = paginator.paginate_queryset(found, request, view=self) or []
        return paginator.get_paginated_response([answer_subject(row) for row in rows])

    @extend_schema(
        responses={204: None, **schema.REFUSALS, 409: schema.PROBLEM},
        parameters=[USER],
        operation_id="me_subjects_destroy_all",
        summary=_("Forget all subjects of a user"),
    )
    def delete(self, request: Request) -> Response:
        """Forget them: what was ordered of them stays as it is."""
        subjects.forget_these(subjects.find_subjects(*owner_of(request)))
        return Response(status=204)


class SubjectView(APIView):
    """One subject."""

    scopes = {"DELETE": Scope.TASKS_WRITE}
    problems = {"DELETE": (UnderHold,)}

    @extend_schema(
        responses={204: None, **schema.REFUSALS, 409: schema.PROBLEM},
        parameters=[USER],
        summary=_("Forget a subject: its next order draws another seed"),
    )
    def delete(self, request: Request, name: str) -> Response:
        """Forget it: what was ordered of it stays as it is."""
        subjects.forget(*owner_of(request), name)
        return Response(status=204)


def answer_subject(subject: Subject) -> dict[str, Any]:
    """Return a subject as its user sees it."""
    return {
        "name": subject.name,
        **answer_seed(subject.seed),
        "created_at": subject.created_at,
        "used_at": subject.used_at,
    }
