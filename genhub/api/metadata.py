"""What OPTIONS answers: the methods of an address, and nothing of the code behind it."""

from typing import TYPE_CHECKING

from rest_framework.metadata import BaseMetadata
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView


class MethodsOnly(BaseMetadata):
    """The methods, as the `Allow` header names them; all else is in /api/docs."""

    def determine_metadata(self, request: Request, view: "APIView") -> dict[str, list[str]]:
        """Return the answer's body."""
        return {"methods": view.allowed_methods}
