"""What a picture says of itself, read from its file."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from generation.api.compat.sdapi import schema
from generation.api.compat.sdapi.answers import KEYWORD
from generation.api.compat.sdapi.orders import name_picture
from generation.api.compat.sdapi.views import SdapiView
from generation.orders.brought import read_data
from genhub.api.fields import StrictCharField, StrictSerializer
from genhub.api.parsers import BarePictureParser
from genhub.lib.errors import InvalidRequest, refuse_field
from genhub.platforms.models import Scope
from storage import infotext
from storage.containers import find_format
from storage.texts import read_texts
from storage.uploads import UNREADABLE

FIELD = "image"


class ImageSerializer(StrictSerializer):
    """The body of `POST /sdapi/v1/png-info`."""

    image = StrictCharField(help_text=_("A picture in base64 or as a data URI."))


class PictureInfoView(SdapiView):
    """The texts of a picture."""

    scopes = {"POST": Scope.TASKS_READ}
    parser_classes = [BarePictureParser]
    renamed = {}

    @extend_schema(
        request=ImageSerializer,
        responses={200: schema.Texts, **schema.WRITTEN},
        summary=_("Read the texts of a picture"),
        tags=schema.TAGS,
    )
    def post(self, request: Request) -> Response:
        """Answer what it was made of, where its file says so."""
        serializer = ImageSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        found = read_items(serializer.validated_data[FIELD])
        text = found.get(KEYWORD, "")
        return Response(
            {"info": text, "items": found, "parameters": infotext.read(text) if text else {}}
        )


def read_items(said: str) -> dict[str, str]:
    """Return the texts of a picture in base64; none of what is no PNG. Raises InvalidRequest for what is no picture."""
    try:
        data = read_data(name_picture(said)).data
    except InvalidRequest as error:
        raise InvalidRequest(errors=[replace(one, field=FIELD) for one in error.errors]) from None
    if find_format(data) in {"JPEG", "WEBP"}:
        return {}
    try:
        return read_texts(data)
    except ValueError:
        raise refuse_field(FIELD, "unreadable", UNREADABLE) from None
