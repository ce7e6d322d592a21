"""The doors of deletion: what is kept of a user goes, and a signed receipt says what went, what stays and why."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from generation.api import schema
from genhub.api.fields import StrictCharField, StrictSerializer
from genhub.lib.errors import NotFound, gettext_noop
from genhub.lib.ids import from_wire, to_wire
from genhub.lib.reasons import LONGEST_REASON
from genhub.platforms.authentication import LONGEST_USER, WrongUser, caller_of
from genhub.platforms.models import Scope
from genhub.retention import erasing, receipts
from genhub.retention.models import ERASURE, Erasure
from storage import receipts as signed

LONGEST_RECEIPT = 100_000
EXAMPLE = OpenApiExample(
    "A user's own wish", value={"user": "alice", "reason": "She closed her account."}, request_only=True
)  # fmt: skip
RECEIPT = OpenApiExample(
    "A receipt", value={"receipt": "eyJhbGciOiJFUzI1NiJ9.eyJpZCI6ICJlcnNfIn0.c2ln"}, request_only=True
)  # fmt: skip


class ErasureRequest(StrictSerializer):
    """Whose data goes."""

    user = StrictCharField(
        required=False, max_length=LONGEST_USER, help_text=_("Required with a platform's key.")
    )
    reason = StrictCharField(
        required=False, allow_blank=True, max_length=LONGEST_REASON, help_text=_("Kept for staff; name nobody in it.")
    )  # fmt: skip


class DeletedPart(serializers.Serializer[Any]):
    """A part of what went."""

    name = serializers.CharField(help_text=_("A stable word for this part, such as `task_texts`."))
    meaning = serializers.CharField(help_text=_("What it is, in the reader's language."))
    rows = serializers.IntegerField(help_text=_("Rows that were deleted or emptied."))
    files = serializers.IntegerField(help_text=_("Stored files that were deleted."))
    bytes = serializers.IntegerField(help_text=_("The size of those files in bytes."))


class ErasureAnswer(serializers.Serializer[Any]):
    """Where a deletion stands."""

    id = serializers.CharField(help_text=_("The id of the deletion: `ers_…`."))
    state = serializers.ChoiceField(
        Erasure.State.values,
        help_text=_("held: a legal hold keeps what is left; it goes on once that is lifted."),
    )
    url = serializers.URLField(help_text=_("Where it is read."))
    asked_at = serializers.DateTimeField(help_text=_("When it was asked for."))
    done_at = serializers.DateTimeField(
        allow_null=True, help_text=_("When all was deleted. Null: not yet.")
    )
    step = serializers.IntegerField(help_text=_("How many of its steps have deleted anything."))
    steps = serializers.IntegerField(help_text=_("How many steps there are."))
    deleted = DeletedPart(many=True, help_text=_("What went so far, step by step."))
    receipt = serializers.CharField(
        allow_null=True,
        help_text=_(
            "A JWS, signed by the hub, of what went, what stays and why. Null until it is done or held."
        ),
    )


class ReceiptRequest(StrictSerializer):
    """A receipt that somebody shows."""

    receipt = StrictCharField(
        max_length=LONGEST_RECEIPT, help_text=_("A JWS as a deletion answers it as “receipt”.")
    )


class ReceiptAnswer(serializers.Serializer[Any]):
    """What is known of a receipt."""

    valid = serializers.BooleanField(help_text=_("This hub signed it, and nobody changed it."))
    says = serializers.DictField(
        allow_null=True, help_text=_("What it says. Null where it is not valid.")
    )


class ErasureListView(APIView):
    """Wishes to delete a user's data."""

    scopes = {"POST": Scope.DATA_ERASE}
    problems = {"POST": (WrongUser,)}

    @extend_schema(
        request=ErasureRequest,
        responses={202: ErasureAnswer, **schema.REFUSALS},
        examples=[EXAMPLE],
        summary=_("Delete all that is kept of a user"),
    )
    def post(self, request: Request) -> Response:
        """Take the wish, or answer the one that is under way; orders under way are canceled and not charged."""
        caller = caller_of(request)
        serializer = ErasureRequest(data=request.data)
        serializer.is_valid(raise_exception=True)
        words = serializer.validated_data
        row = erasing.ask(
            caller.platform.pk,
            caller.user_for_write(words.get("user")),
            by=f"key {caller.key.prefix}",
            reason=words.get("reason", ""),
        )
        return Response(answer(row, request), 202)


class ErasureView(APIView):
    """One wish."""

    scopes = {"GET": Scope.DATA_ERASE}

    @extend_schema(
        responses={200: ErasureAnswer, **schema.REFUSALS},
        summary=_("Read where a deletion stands, and its receipt"),
    )
    def get(self, request: Request, erasure_id: str) -> Response:
        """Answer it to a key of its platform; the user's own key ends with it."""
        caller = caller_of(request)
        rows = erasing.find_erasures(caller.platform.pk, caller.user)
        row = rows.select_related("platform").filter(pk=from_wire(ERASURE, erasure_id)).first()
        if row is None:
            raise NotFound(thing=gettext_noop("deletion"))
        return Response(answer(row, request))


class ReceiptView(APIView):
    """Receipts that somebody shows."""

    scopes = {"POST": Scope.TASKS_READ}

    @extend_schema(
        request=ReceiptRequest,
        responses={200: ReceiptAnswer, **schema.REFUSALS},
        examples=[RECEIPT],
        summary=_("Did this hub sign this receipt?"),
    )
    def post(self, request: Request) -> Response:
        """Answer whether it did, and what it says."""
        serializer = ReceiptRequest(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = signed.read(serializer.validated_data["receipt"])
        return Response({"valid": said is not None, "says": said})


def answer(row: Erasure, request: Request) -> dict[str, Any]:
    """Return where a deletion stands."""
    wire_id = to_wire(ERASURE, row.pk)
    return {
        "id": wire_id,
        "state": row.state,
        "url": reverse("erasure", [wire_id], request=request),
        "asked_at": row.asked_at,
        "done_at": row.done_at,
        "step": len(row.deleted),
        "steps": len(erasing.list_steps()),
        "deleted": receipts.list_deleted(row),
        "receipt": signed.sign(receipts.describe(row)) if receipts.is_ready(row) else None,
    }
