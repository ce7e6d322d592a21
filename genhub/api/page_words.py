"""The words of lists in pages, as each list's operation has them."""

from typing import Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from genhub.api.pages import DEFAULT_PAGE, LARGEST_PAGE

LIMIT: Final = OpenApiParameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": DEFAULT_PAGE},
    description=_("Rows a page, at most 100."),
)
CURSOR: Final = OpenApiParameter(
    "cursor", OpenApiTypes.STR, description=_("From “next” or “previous”.")
)
ITEMS: Final = _("The rows of this page, newest first.")


def link_fields() -> tuple[serializers.URLField, serializers.URLField]:
    """Return the fields “next” and “previous” of a list."""
    return (
        serializers.URLField(
            allow_null=True, help_text=_("Where the next page is; null on the last one.")
        ),
        serializers.URLField(
            allow_null=True, help_text=_("Where the page before is; null on the first one.")
        ),
    )
