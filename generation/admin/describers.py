"""Pages of vision models: who says what pictures show, with which key, and how they stand; and a trial of each."""

from dataclasses import replace
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from generation.admin.accounts.deeds import NO_ANSWER, WHY
from generation.admin.moderation.service_pages import ServicePages
from generation.describing.trial import Tried, try_describer
from generation.describing.vision import ASKED
from generation.models import Describer
from genhub.admin.pages import Question, ask
from genhub.admin.show import code, pairs


@admin.register(Describer)
class DescriberAdmin(ServicePages):
    """Vision models, in the order in which they are asked."""

    list_display = ("alias", "model", "standing", "rank", "is_enabled")
    list_editable = ("rank", "is_enabled")
    list_filter = ("is_enabled", "is_in_house")
    fieldsets = (
        (_("What it is"), {"fields": (("alias", "model"), ("rank", "is_enabled"))}),
        (_("The server"), {"fields": ("base_url", ("secret", "hint_shown"), "is_in_house", "options", ("connect_seconds", "answer_seconds"))}),
        (_("How it stands"), {"fields": ("standing",)}),
    )  # fmt: skip
    actions_detail = ("try_it",)

    def has_deed_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who may change vision models."""
        return bool(self.has_change_permission(request))

    @action(
        description=_("Test"),
        permissions=["deed"],
        icon="network_check",
        variant=ActionVariant.PRIMARY,
    )
    def try_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then show the model a picture and tell what it says."""
        row = self.find_object(request, object_id)
        question = Question(
            title=gettext("Test %(provider)s") % {"provider": row.alias},
            intro=gettext(
                "A small picture of the hub's own, a red circle on yellow, is sent to the model, which says what it "
                "shows. The vendor may charge for it. A failure changes nothing."
            ),
            submit=gettext("Test now"),
            back=reverse("admin:generation_describer_change", args=[quote(row.pk)]),
        )
        if request.method == "POST":
            # No transaction is open here: models take their time.
            tried = try_describer(row, get_language() if get_language() in ASKED else "en")
            self.log_change(request, row, gettext("Tested: %(what)s") % {"what": summary(tried)})
            came = (gettext("What came back"), tried_words(tried))
            question = replace(question, sections=(came,))
        return ask(self, request, question, about=row)


def summary(tried: Tried) -> Any:
    """Return what came of a trial, in a word."""
    if tried.is_declined:
        return gettext("it answers, and does not describe the picture")
    return gettext("works") if tried.alt else WHY.get(tried.why or "", NO_ANSWER)


def tried_words(tried: Tried) -> SafeString:
    """Return what came of a trial."""
    facts: dict[Any, Any] = {_("state"): summary(tried)}
    if tried.alt:
        facts[_("what it says")] = format_html("“{}”", tried.alt)
    if tried.error:
        facts[_("the vendor's own words")] = code(tried.error)
    return pairs(facts)
