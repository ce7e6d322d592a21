"""Pages of template versions: a draft is edited and published; a published one is read, and can be ordered again."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from genhub.admin.base import HubAdmin
from genhub.admin.pages import Question, ask, word_fields
from genhub.admin.show import moment
from templates import services
from templates.admin.forms import SAVE_AND_PUBLISH, DraftForm
from templates.admin.template import version_badge, version_page, word_price
from templates.errors import VersionNotPublishable
from templates.models import TemplateVersion
from templates.services import find_mistakes


@admin.register(TemplateVersion)
class TemplateVersionAdmin(HubAdmin):
    """One state of a template."""

    form = DraftForm
    list_display = (
        "__str__",
        "name",
        "state",
        "category",
        "price_shown",
        "published",
        "published_by",
    )
    list_filter = ("template",)
    list_select_related = ("template",)
    search_fields = ("template__code", "name", "category")
    fieldsets = (
        (None, {"fields": ("template", "state", "name", "category", "media_type", "price")}),
        (_("Prompt"), {"fields": ("prompt", "negative_prompt")}),
        (_("Parameters"), {"fields": ("parameters", "required", "settings")}),
        (_("History"), {"fields": ("created_at", "published_at", "published_by")}),
    )
    readonly_fields = ("template", "state", "created_at", "published_at", "published_by")
    actions_detail = ("publish",)
    actions_submit_line = ("publish_draft",)
    change_form_outer_before_template = "admin/templates/version_note.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: versions begin on their template's page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow changing drafts; a published version never changes, the database sees to it."""
        return bool(super().has_change_permission(request, obj) and not (obj and obj.published_at))

    def has_publish_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who hold the right to publish."""
        return bool(request.user.has_perm("templates.publish_template"))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Refuse in words the edit of a draft that somebody published meanwhile."""
        version = self.get_object(request, object_id) if object_id else None
        if version and version.published_at and request.method == "POST":
            text = gettext(
                "This version was published meanwhile, so it cannot change. Begin a new version instead."
            )
            messages.error(request, text)
            return HttpResponseRedirect(version_page(version))
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Save the draft, and publish it where that button was pressed."""
        super().save_model(request, obj, form, change)
        if SAVE_AND_PUBLISH in request.POST and self.has_publish_permission(request):
            self.publish_draft(request, obj)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer to publish what is not ordered yet."""
        version = self.get_object(request, object_id)
        is_current = version is None or version.template.published_id == version.pk
        return [] if is_current else super().get_actions_detail(request, object_id)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Stay with the version that was saved."""
        return HttpResponseRedirect(version_page(obj))

    def get_actions_submit_line(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer to publish while saving where there is anything to save."""
        version = self.get_object(request, object_id)
        can_save = version is not None and self.has_change_permission(request, version)
        return super().get_actions_submit_line(request, object_id) if can_save else []

    @action(
        description=_("Save and publish"), permissions=["publish"], attrs={"name": SAVE_AND_PUBLISH}
    )
    def publish_draft(self, request: HttpRequest, version: TemplateVersion) -> None:
        """Publish a draft that its form has found fit."""
        services.publish(version, actor=request.user.get_username())
        self.log_change(request, version, gettext("Published."))
        messages.success(
            request,
            gettext("Published. New orders run %(version)s from now on.") % {"version": version},
        )

    @action(
        description=_("Publish"),
        permissions=["publish"],
        icon="publish",
        variant=ActionVariant.PRIMARY,
    )
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then make a version the one that new orders run; for a published one that means going back to it."""
        version = self.find_object(request, object_id)
        mistakes = VersionNotPublishable(errors=find_mistakes(version))
        if request.method == "POST":
            try:
                self.publish_draft(request, version)
            except VersionNotPublishable as problem:
                mistakes = problem
            else:
                return HttpResponseRedirect(version_page(version))
        return ask(self, request, ask_publish(version, mistakes), about=version)

    @display(description=_("state"))
    def state(self, version: TemplateVersion) -> SafeString:
        """Show where it stands, as a coloured word."""
        return version_badge(version, version.template)

    @display(description=_("price"), ordering="price")
    def price_shown(self, version: TemplateVersion) -> str:
        """Show the price of one picture in words."""
        return word_price(version)

    @display(description=_("published at"), ordering="published_at")
    def published(self, version: TemplateVersion) -> str:
        """Show when it was published, to the second."""
        return moment(version.published_at)


def ask_publish(version: TemplateVersion, mistakes: VersionNotPublishable) -> Question:
    """Return the question before a version becomes the one that is ordered."""
    current = version.template.published
    facts = {
        gettext("Ordered now"): f"v{current.number}"
        if current
        else gettext("nothing: not published yet"),
        gettext("From now on"): f"v{version.number}",
        gettext("Name"): version.name,
        gettext("Prompt"): version.prompt,
        gettext("Parameters"): ", ".join(version.parameters) or "–",
        gettext("Price of one picture"): word_price(version),
    }
    if version.published_at:
        title, submit = gettext("Order %(version)s again?"), gettext("Make it current again")
        intro = gettext(
            "New orders run this version again. Tasks that were ordered before keep theirs."
        )
    else:
        title, submit = gettext("Publish %(version)s?"), gettext("Publish")
        intro = gettext(
            "A published version never changes. New orders run it from now on; tasks keep theirs."
        )
    fields = TemplateVersion._meta  # noqa: SLF001 (labels of fields are nowhere else)
    worded = tuple(
        f"{capfirst(fields.get_field(name).verbose_name)}: {message}"  # type: ignore[union-attr]
        for name, messages_ in word_fields(mistakes).items()
        for message in messages_
    )
    return Question(
        title=title % {"version": version},
        intro=gettext("Mend these first, then publish.") if worded else intro,
        submit="" if worded else submit,
        facts=facts,
        mistakes=worded,
        back=reverse("admin:templates_templateversion_change", args=[version.pk]),
    )
