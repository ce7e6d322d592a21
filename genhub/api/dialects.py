"""What other services' clients may say here: each dialect has a document and a page of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.utils import translation
from django.utils.translation import gettext as _
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from genhub.api.docs import DocsView
from genhub.api.operations import (
    HubSchema,
    kind_of,
    read_dialect_examples,
)
from genhub.api.problems import mean_question
from genhub.api.shown_values import show
from genhub.lib.errors import Problem

NATIVE = "/api/v1/"
# What an example is; said in the reader's language with all names of examples.
SENT, ANSWERED = "As it was sent", "As it was answered"


class DialectSchema(HubSchema):
    """Operations with refusals in the dialect's own form, and with what the hub once answered; of the hub's own headers
    a dialect says nothing.

    It is a HubSchema since `extend_schema` puts that, the usual one, before any that is not derived from it.
    """

    def complete(self, operation: Any) -> None:
        """Say which refusals there are, and show one of each, a request, and its answers."""
        responses = operation["responses"]
        # No operation is open to anybody.
        form = responses["401"]["content"]
        refused = self.word_refusals(operation)
        for status in responses.keys() - refused.keys():
            if responses[status].get("content") == form:
                del responses[status]
        for status, examples in sorted(refused.items()):
            told = responses.setdefault(status, {"description": ""})
            told["description"] = ", ".join(f"`{name}`" for name in examples)
            told["x-codes"] = list(examples)
            told["content"] = {kind: {**each, "examples": examples} for kind, each in form.items()}
        shown = read_dialect_examples().get(f"{str(self.method).lower()} {self.path}", {})
        for name, told in [("request", operation.get("requestBody", {})), *responses.items()]:
            summary = SENT if name == "request" else ANSWERED
            for kind, value in shown.get(name, {}).items():
                example = {"summary": summary, "value": value}
                told["content"][kind]["examples"] = {name: example}

    def word_refusals(self, operation: Any) -> dict[str, dict[str, Any]]:
        """Return each refusal by its status and name, in the words in which the view answers it."""
        view: Any = self.view
        makers: dict[str, Callable[[], Problem] | None] = {
            code: partial(show, kind_of(code)) for code in sorted(set(self.find_codes(operation)))
        }
        # What a view has other words for, or, where it names None, never has to say.
        makers |= getattr(view, "met", {}).get(self.method, {})
        found: dict[str, dict[str, Any]] = {}
        for name, make in makers.items():
            if make:
                answer = view.word_refusal(mean_question(make(), view.request))
                found.setdefault(str(answer.status_code), {})[name] = {"value": answer.data}
        return found


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
        # As the document itself was made.
        with translation.override(request.GET.get("lang") or translation.get_language()):
            text = _(
                "Base URL of clients: `%(base)s`. The API key is one of the hub's, as its [own document](/api/docs) says; the [handbook](/handbook/clients/) shows clients at work."
            ) % {"base": f"{settings.PUBLIC_URL}/{self.base}".rstrip("/")}
        response.data["info"] = info | {"title": f"GenHub: {self.title}", "description": text}
        return response


def keep_native(endpoints: list[Any]) -> list[Any]:
    """Return the endpoints of the hub's own document; that of a dialect has none of them, and is left whole."""
    return [each for each in endpoints if each[0].startswith(NATIVE)] or endpoints
