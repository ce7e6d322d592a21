"""The doors to edits: a picture made of another, how it would look, and what it would cost."""

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from credits.affordability import find_offer
from generation.api import problems, schema
from generation.api.orders import customer_of
from generation.api.quote import DecisionSerializer, FactorSerializer
from generation.orders.customer import Customer
from generation.orders.edit import edit_picture, plan_for, price_edit
from generation.orders.submit import terms_of
from genhub.api import field_words, page_words
from genhub.api.edit_words import EditWords, OperationField
from genhub.api.etags import ConditionalView
from genhub.api.idempotency import read_idempotency_key
from genhub.api.negotiation import WhateverIsAccepted
from genhub.api.pages import NewestFirst
from genhub.lib.errors import gettext_noop, refuse_field
from genhub.lib.ids import to_wire
from genhub.platforms.models import Scope
from genhub.platforms.rates import Rate
from storage.api.artifacts import get_artifact
from storage.api.reviews import ReviewWords
from storage.api.uploads import answer_picture
from storage.edits.editing import Wanted, draw_preview
from storage.edits.lineage import find_edits
from storage.selectors import PREFIX

if TYPE_CHECKING:
    from storage.models import Artifact

PREVIEW = "preview"


class EditedPicture(serializers.Serializer[Any]):
    """A picture that was made of another; it can be ordered from, edited and shared as any other."""

    id = serializers.CharField(help_text=field_words.ARTIFACT)
    url = serializers.URLField(help_text=field_words.FILE_URL)
    thumbnail_url = serializers.URLField(help_text=field_words.THUMBNAIL_URL)
    width = serializers.IntegerField(help_text=_("Pixels."))
    height = serializers.IntegerField(help_text=_("Pixels."))
    sha256 = serializers.CharField(help_text=field_words.SHA256)
    content_type = serializers.CharField(help_text=field_words.CONTENT_TYPE)
    size_bytes = serializers.IntegerField(help_text=field_words.SIZE_BYTES)
    created_at = serializers.DateTimeField(help_text=field_words.CREATED)
    review = ReviewWords(
        allow_null=True, help_text=_("Whether staff approved it. Null: nobody asked them.")
    )
    parent = serializers.CharField(  # type: ignore[assignment]  # as in the order's serializer
        allow_null=True, help_text=_("What it was made of. Null: that was deleted.")
    )
    operations = serializers.ListField(
        child=OperationField(), help_text=_("As they were done, with their defaults.")
    )
    price = serializers.IntegerField(help_text=_("Whole credits that were paid for it."))


class EditPage(serializers.Serializer[Any]):
    """A page of edited pictures."""

    items = EditedPicture(many=True, help_text=page_words.ITEMS)
    next, previous = page_words.link_fields()


class EditQuote(serializers.Serializer[Any]):
    """What an edit would cost now, in whole credits, and why; the size that comes out of it."""

    price = serializers.IntegerField(help_text=_("Whole credits that the edit would cost."))
    decided_by = DecisionSerializer(help_text=field_words.DECIDED_BY)
    factors = FactorSerializer(many=True, help_text=field_words.FACTORS)
    discount_percent = serializers.FloatField(help_text=_("Your plan's."))
    width = serializers.IntegerField(help_text=_("Pixels."))
    height = serializers.IntegerField(help_text=_("Pixels."))
    affordable = serializers.BooleanField(help_text=_("Whether balance and budgets have room."))
    refusal = serializers.CharField(
        allow_null=True,
        help_text=_("Null where it is affordable, else the code that submitting it would answer."),
    )


EXAMPLE = OpenApiExample(
    "A banner",
    value={
        "operations": [
            {"action": "crop", "ratio": "16:9"},
            {"action": "resize", "width": 1280},
            {"action": "text", "text": "春季上新", "size": 72, "outline_width": 3},
        ],
        "output_format": "webp",
    },
    request_only=True,
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=_("The same key and body again answer the same picture; at most 255 bytes."),
)
POSTED = extend_schema(
    request=EditWords,
    responses={
        (200, "image/webp"): OpenApiResponse(
            OpenApiTypes.BINARY, description=_("With `?preview=true`: how it would look.")
        ),
        201: EditedPicture,
        **schema.REFUSALS,
        **dict.fromkeys((402, 409, 422, 429, 503), schema.PROBLEM),
    },
    parameters=[
        IDEMPOTENCY_KEY,
        OpenApiParameter(
            PREVIEW, OpenApiTypes.BOOL, default=False,
            description=_("true: a WebP of at most 1,024 pixels a side; nothing is stored or charged."),
        ),
    ],
    examples=[EXAMPLE],
    summary=_("Edit a picture"),
)  # fmt: skip


class EditView(ConditionalView):
    """Pictures that were made of one."""

    # A preview is asked for by those who accept pictures.
    content_negotiation_class = WhateverIsAccepted
    scopes = {"GET": Scope.TASKS_READ, "POST": Scope.TASKS_WRITE}
    problems = {"POST": problems.EDIT}

    @extend_schema(
        responses={200: EditPage, **schema.REFUSALS},
        parameters=[schema.LIMIT, schema.CURSOR],
        operation_id="artifacts_edits_list",
        summary=_("List what was made of a picture, newest first"),
    )
    def get(self, request: Request, artifact_id: str) -> Response:
        """Answer one page."""
        pages = NewestFirst()
        rows = pages.paginate_queryset(
            find_edits(get_artifact(request, artifact_id)), request, self
        )
        return pages.get_paginated_response([answer_edit(row, request) for row in rows or []])

    @POSTED
    def post(self, request: Request, artifact_id: str) -> HttpResponse:
        """Draw, pay and store; answer 201 with the new picture, which knows what it was made of."""
        customer, parent, wanted = read_edit(request, artifact_id)
        if read_preview(request):
            drawn = draw_preview(plan_for(customer, parent, wanted))
            headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
            return HttpResponse(drawn.data, content_type=drawn.content_type, headers=headers)
        key = read_idempotency_key(request)
        answer = answer_edit(edit_picture(customer, parent, wanted, idempotency_key=key), request)
        return Response(answer, 201, headers={"Location": answer["url"]})


class EditQuoteView(APIView):
    """The price of an edit."""

    scopes = {"POST": Scope.TASKS_WRITE}
    rate = Rate.READS
    problems = {"POST": problems.EDIT_PRICE}

    @extend_schema(
        request=EditWords,
        responses={200: EditQuote, **schema.REFUSALS, 409: schema.PROBLEM},
        examples=[EXAMPLE],
        summary=_("Ask what an edit would cost; nothing is created"),
    )
    def post(self, request: Request, artifact_id: str) -> Response:
        """Answer price, reasons and the size of the result."""
        customer, parent, wanted = read_edit(request, artifact_id)
        priced = price_edit(customer, parent, wanted)
        said, (width, height) = priced.quote.to_json(), priced.plan.size
        offer = find_offer(
            customer.platform_id, customer.user, terms_of(customer), priced.quote.price, tasks=0
        )
        return Response(
            {
                "price": priced.quote.price,
                **{name: said[name] for name in ("decided_by", "factors", "discount_percent")},
                "width": width,
                "height": height,
                "affordable": not offer.refusal,
                "refusal": offer.refusal or None,
            }
        )


def read_edit(request: Request, artifact_id: str) -> tuple[Customer, "Artifact", Wanted]:
    """Return who pays, which is the owner of the picture, the picture, and what is to be done with it."""
    parent = get_artifact(request, artifact_id)
    words = EditWords(data=request.data)
    words.is_valid(raise_exception=True)
    said = words.validated_data
    wanted = Wanted(said["operations"], said.get("output_format"), said.get("output_compression"))
    return customer_of(request, parent.user), parent, wanted


def read_preview(request: Request) -> bool:
    """Return whether only a look is wanted; refuse any other word than true and false."""
    text = request.query_params.get(PREVIEW, "false")
    if text not in {"true", "false"}:
        message = gettext_noop("It must be one of %(limit)s.")
        raise refuse_field(PREVIEW, "enum", message, limit="true, false")
    return text == "true"


def answer_edit(row: "Artifact", request: Request) -> dict[str, Any]:
    """Return an edited picture's facts."""
    wire_id, edit = to_wire(PREFIX, row.pk), row.edit
    return answer_picture(row, request) | {
        "thumbnail_url": reverse("artifact-thumbnail", [wire_id], request=request),
        "parent": to_wire(PREFIX, edit.parent_id) if edit.parent_id else None,
        "operations": edit.operations,
        "price": edit.price,
    }
