"""The door to approval: whether a picture may be published, and the wish that staff look at it."""

from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from genhub.api import field_words
from genhub.lib.ids import to_wire
from genhub.platforms.authentication import caller_of
from genhub.platforms.models import Scope
from storage.api.artifacts import get_artifact
from storage.api.schema import NAMED_REFUSALS
from storage.models import Artifact, ReviewState
from storage.reviews import ask_for, decided_at
from storage.selectors import PREFIX

NOT_NEEDED, NOT_ASKED = "not_needed", "not_asked"
STATES: Final = (NOT_NEEDED, NOT_ASKED, *ReviewState.values)


class ReviewWords(serializers.Serializer[Any]):
    """Where staff stand with publishing a picture."""

    state = serializers.ChoiceField(
        ReviewState.values, help_text=_("Only what is approved may be published.")
    )
    reason = serializers.CharField(allow_null=True, help_text=_("What staff say, if anything."))


class ReviewAnswer(serializers.Serializer[Any]):
    """Whether a picture may be published, and why not."""

    artifact = serializers.CharField(help_text=field_words.ARTIFACT)
    state = serializers.ChoiceField(
        STATES,
        help_text=_(
            "not_needed: here all may be published. not_asked: staff look at it once somebody wants to publish it."
        ),
    )
    reason = serializers.CharField(allow_null=True, help_text=_("What staff say, if anything."))
    decided_at = serializers.DateTimeField(
        allow_null=True, help_text=_("When staff decided last. Null: they did not.")
    )


class ReviewView(APIView):
    """Where staff stand with one picture."""

    scopes = {"GET": Scope.TASKS_READ, "POST": Scope.TASKS_WRITE}

    @extend_schema(
        responses={200: ReviewAnswer, **NAMED_REFUSALS},
        summary=_("Read whether a picture may be published"),
    )
    def get(self, request: Request, artifact_id: str) -> Response:
        """Answer where staff stand."""
        return Response(answer_standing(get_artifact(request, artifact_id), request))

    @extend_schema(
        request=None,
        responses={200: ReviewAnswer, **NAMED_REFUSALS},
        summary=_("Ask staff to approve a picture"),
    )
    def post(self, request: Request, artifact_id: str) -> Response:
        """Put it before staff where that is needed and nobody did before; asked twice, the first time counts."""
        artifact = get_artifact(request, artifact_id)
        ask_for(artifact)
        artifact.refresh_from_db(fields=["review", "review_reason"])
        return Response(answer_standing(artifact, request))


def answer_standing(artifact: Artifact, request: Request) -> dict[str, Any]:
    """Return where staff stand with a picture, or that nobody asks them."""
    asks = caller_of(request).platform.asks_approval
    at: datetime | None = decided_at(artifact) if artifact.review else None
    is_needed = asks or artifact.review == ReviewState.REJECTED
    return {
        "artifact": to_wire(PREFIX, artifact.pk),
        "state": (artifact.review or NOT_ASKED) if is_needed else NOT_NEEDED,
        "reason": artifact.review_reason or None,
        "decided_at": at,
    }


def answer_review(artifact: Artifact) -> dict[str, Any] | None:
    """Return where staff stand with a picture, as answers about it tell; null: nobody asked them."""
    if not artifact.review:
        return None
    return {"state": artifact.review, "reason": artifact.review_reason or None}
