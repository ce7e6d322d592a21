"""What other services' clients may say here: each dialect has a document and a page of its own."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext as _
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from genhub.api.docs import DocsView
from genhub.api.operations import HubSchema

NATIVE = "/api/v1/"


class DialectSchema(HubSchema):
    """Operations as their views have them: of the hub's own refusals and headers a dialect says nothing.

    It is a HubSchema since `extend_schema` puts that, the usual one, before any that is not derived from it.
    """

    def complete(self, operation: Any) -> None:
        """Leave an operation as it is."""


@dataclass(frozen=True)
class Dialect:
    """A dialect: its name in addresses, the service whose words it speaks, and where they are spoken."""

    name: str
    title: str
    base: str
    routes: list[URLPattern]

    def addresses(self) -> list[URLPattern | URLResolver]:
        """Return the dialect's own addresses, with those of its document and its page."""
        spoken = path(self.base, include(self.routes))
        schema = DialectSchemaView.as_view(patterns=[spoken], title=self.title, base=self.base)
        docs = DocsView.as_view(url_name=f"schema-{self.name}", title=f"GenHub: {self.title}")
        return [
            path(f"api/schema/{self.name}", schema, name=f"schema-{self.name}"),
            path(f"api/docs/{self.name}", docs, name=f"docs-{self.name}"),
            spoken,
        ]


class DialectSchemaView(SpectacularAPIView):
    """The document of one dialect."""

    title, base = "", ""
    custom_settings = {"WEBHOOKS": []}

    def get(self, request: Request, *args: Any, **words: Any) -> Response:
        """Answer it under the name of the service whose words it speaks."""
        response: Response = super().get(request, *args, **words)  # type: ignore[no-untyped-call]
        info = response.data["info"]
        text = _(
            "Base URL of clients: `%(base)s`. The API key is one of the hub's, as its [own document](/api/docs) says; the [handbook](/handbook/clients/) shows clients at work."
        ) % {"base": f"{settings.PUBLIC_URL}/{self.base}".rstrip("/")}
        response.data["info"] = info | {"title": f"GenHub: {self.title}", "description": text}
        return response


def keep_native(endpoints: list[Any]) -> list[Any]:
    """Return the endpoints of the hub's own document; that of a dialect has none of them, and is left whole."""
    return [each for each in endpoints if each[0].startswith(NATIVE)] or endpoints
