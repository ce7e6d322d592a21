"""Pages of template versions: a draft is edited and published; a published one is read, and can be ordered again."""

from typing import Any, Final

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from genhub.admin.base import HubAdmin
from genhub.admin.pages import SEEN, Question, ask, without_action
from genhub.admin.show import moment
from genhub.lib.errors import Problem, SeenChanged
from templates import services
from templates.admin.forms import SAVE_AND_PUBLISH, DraftForm
from templates.admin.preview import PreviewPage
from templates.admin.publish import ask_publish
from templates.admin.words import (
    version_badge,
    version_page,
    word_operations,
    word_parameters,
    word_platforms,
    word_price,
    word_settings,
    word_steps,
)
from templates.errors import VersionNotPublishable
from templates.models import Template, TemplateVersion
from templates.pictures import find_shown, remove_picture
from templates.services import find_mistakes

# What shows a field of a version that cannot be changed.
IN_WORDS: Final = {"platforms": "open_to"}


@admin.register(TemplateVersion)
class TemplateVersionAdmin(PreviewPage, HubAdmin):
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
        (
            None,
            {
                "fields": (
                    "template",
                    "state",
                    "name",
                    "category",
                    "media_type",
                    "price",
                    "caches",
                    "note",
                )
            },
        ),
        (_("Orders of it"), {"fields": ("moderation", "platforms")}),
        (_("Prompt"), {"fields": ("prompt", "negative_prompt")}),
        (_("Parameters"), {"fields": ("rows",)}),
        (
            _("Parameters in JSON, for experts"),
            {"fields": ("parameters", "required"), "classes": ["collapse"]},
        ),
        (_("Settings"), {"fields": ("settings_rows",)}),
        (_("Settings in JSON, for experts"), {"fields": ("settings",), "classes": ["collapse"]}),
        (_("Further steps"), {"fields": ("step_rows",)}),
        (_("Steps in JSON, for experts"), {"fields": ("chain",), "classes": ["collapse"]}),
        (_("After drawing"), {"fields": ("operation_rows",)}),
        (_("Edits in JSON, for experts"), {"fields": ("operations",), "classes": ["collapse"]}),
        (_("History"), {"fields": ("created_at", "published_at", "published_by")}),
    )
    readonly_fields = (
        "template",
        "state",
        "created_at",
        "published_at",
        "published_by",
    )
    actions_detail = ("try_out", "publish", "hide_picture")
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

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        """Tell in words who may order a version that cannot be changed."""
        found = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return list(found)
        return [
            (title, words | {"fields": [IN_WORDS.get(name, name) for name in words["fields"]]})
            for title, words in found
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Refuse in words the edit of a draft that somebody published meanwhile."""
        with transaction.atomic():
            # Who may change none is refused below, as everywhere, and holds up nobody who may.
            if request.method == "POST" and object_id and self.has_change_permission(request):
                self.lock_row(request, object_id)
                version = self.find_object(request, object_id)
                if version.published_at:
                    text = gettext(
                        "This version was published meanwhile, so it cannot change. Begin a new version instead."
                    )
                    messages.error(request, text)
                    return HttpResponseRedirect(version_page(version))
            return super().changeform_view(request, object_id, form_url, extra_context)

    def lock_row(self, request: HttpRequest, object_id: str) -> None:
        """Hold the template first, as publishing does: else the two would wait for each other."""
        version = self.find_object(request, object_id)
        Template.objects.select_for_update().get(pk=version.template_id)
        super().lock_row(request, object_id)

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
            # As the database holds it by now: JSON may have lost the spelling of a number.
            self.publish_draft(request, TemplateVersion.objects.get(pk=obj.pk))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer to publish what is not ordered yet."""
        version = self.get_object(request, object_id)
        is_current = version is None or version.template.published_id == version.pk
        found: list[Any] = super().get_actions_detail(request, object_id)
        found = without_action(found, "publish") if is_current else found
        is_shown = version is not None and find_shown([version.pk])
        return found if is_shown else without_action(found, "hide_picture")

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Stay with the version that was saved."""
        return HttpResponseRedirect(version_page(obj))

    def get_actions_submit_line(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer to publish while saving where there is anything to save."""
        version = self.get_object(request, object_id)
        can_save = version is not None and self.has_change_permission(request, version)
        return super().get_actions_submit_line(request, object_id) if can_save else []

    def has_order_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may have something drawn at the hub's expense, and see it."""
        may = request.user.has_perm
        return bool(may("generation.order_task") and may("generation.view_task"))

    @action(description=_("Try it out"), permissions=["order"], icon="science")
    def try_out(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page that draws it: orders are another room's matter."""
        version = self.find_object(request, object_id)
        return HttpResponseRedirect(reverse("admin:generation_task_try", args=[version.pk]))

    @action(
        description=_("Save and publish"), permissions=["publish"], attrs={"name": SAVE_AND_PUBLISH}
    )
    def publish_draft(self, request: HttpRequest, version: TemplateVersion) -> None:
        """Publish a draft that its form has found fit."""
        self.make_current(request, version)

    @action(
        description=_("Publish"),
        permissions=["publish"],
        icon="publish",
        variant=ActionVariant.PRIMARY,
    )
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then make a version the one that new orders run; for a published one that means going back to it."""
        version = self.find_object(request, object_id)
        problem: Problem = VersionNotPublishable(errors=find_mistakes(version))
        # Without the mark nothing was seen, so nothing is done but to show it.
        if request.method == "POST" and (seen := request.POST.get(SEEN)):
            try:
                self.make_current(request, version, seen)
            except (VersionNotPublishable, SeenChanged) as refusal:
                problem, version = refusal, self.find_object(request, object_id)
            else:
                return HttpResponseRedirect(version_page(version))
        return ask(self, request, ask_publish(version, problem), about=version)

    @action(description=_("Remove the example"), permissions=["publish"], icon="hide_image")
    def hide_picture(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then take the picture away that apps show beside the name."""
        version = self.find_object(request, object_id)
        if request.method == "POST":
            if remove_picture(version.pk):
                self.log_change(request, version, gettext("Example removed."))
            messages.success(request, gettext("The template is shown by its name alone."))
            return HttpResponseRedirect(version_page(version))
        question = Question(
            title=gettext("Remove the example picture of %(version)s?") % {"version": version},
            intro=gettext(
                "Apps and users see the template without a picture. What it was taken from stays as it is."
            ),
            submit=gettext("Remove it"),
            back=version_page(version),
            is_dangerous=True,
        )
        return ask(self, request, question, about=version)

    def make_current(
        self, request: HttpRequest, version: TemplateVersion, seen: str | None = None
    ) -> None:
        """Publish exactly what was seen, and say so."""
        services.publish(version, actor=request.user.get_username(), seen=seen)
        self.log_change(request, version, gettext("Published."))
        messages.success(
            request,
            gettext("Published. New orders run %(version)s from now on.") % {"version": version},
        )

    @display(description=_("state"))
    def state(self, version: TemplateVersion) -> SafeString:
        """Show where it stands, as a coloured word."""
        return version_badge(version, version.template)

    @display(description=_("price"), ordering="price")
    def price_shown(self, version: TemplateVersion) -> str:
        """Show the price of one picture in words."""
        return word_price(version)

    @display(description=_("who may order it"))
    def open_to(self, version: TemplateVersion) -> str:
        """Show the platforms that may order it."""
        return word_platforms(version)

    @display(description=_("What an order says"))
    def rows(self, version: TemplateVersion) -> SafeString | str:
        """Show the parameters of a version that cannot be changed."""
        return word_parameters(version)

    @display(description=_("What the template fixes"))
    def settings_rows(self, version: TemplateVersion) -> SafeString | str:
        """Show the settings of a version that cannot be changed."""
        return word_settings(version.settings)

    @display(description=_("Further steps"))
    def step_rows(self, version: TemplateVersion) -> SafeString | str:
        """Show what each further step makes."""
        return word_steps(version.chain)

    @display(description=_("What is done with each picture"))
    def operation_rows(self, version: TemplateVersion) -> SafeString | str:
        """Show what is done with each picture, step by step."""
        return word_operations(version.operations)

    @display(description=_("published at"), ordering="published_at")
    def published(self, version: TemplateVersion) -> str:
        """Show when it was published, to the second."""
        return moment(version.published_at)
