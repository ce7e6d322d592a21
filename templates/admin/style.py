"""Pages of styles."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from genhub.admin.base import HubAdmin
from genhub.admin.breakage import TellsBroken
from genhub.admin.forms import JsonField
from genhub.admin.pages import word_fields
from genhub.admin.show import shown_once
from genhub.platforms.models import Platform
from templates.admin.settings_rows import SettingsTwin
from templates.admin.twins import TwinForm, TwinWidget
from templates.admin.words import word_settings
from templates.errors import VersionNotPublishable
from templates.fixed_words import SETTABLE_WORDS, find_setting_mistakes
from templates.models import Style


class StyleSettings(SettingsTwin):
    """The settings of a style, which wears no other."""

    without: ClassVar[frozenset[str]] = frozenset({"style_preset"})


class StyleForm(TwinForm):
    """The words of a style."""

    TWINS = (StyleSettings,)

    settings_rows = forms.Field(label=_("What the style sets"), required=False, widget=TwinWidget)

    settings = JsonField(
        shape=dict,
        label=_("Settings"),
        help_text=_('Request words that this style sets, such as {"steps": 20}.'),
    )

    class Meta:
        model = Style
        fields = (
            "code", "name_en", "name_zh", "suffix_en", "suffix_zh", "negative_prompt", "settings",
            "position", "is_active",
        )  # fmt: skip
        widgets = {
            name: UnfoldAdminTextareaWidget({"rows": 2})
            for name in ("suffix_en", "suffix_zh", "negative_prompt")
        }

    def clean_settings(self) -> dict[str, Any]:
        """Return the settings, or raise naming the words that no style may set, or not so."""
        settings = refuse_unknown_words(self.cleaned_data["settings"])
        mistakes = VersionNotPublishable(errors=find_setting_mistakes(settings))
        if messages := word_fields(mistakes).get("settings"):
            raise forms.ValidationError(messages)
        return settings


def refuse_unknown_words(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings, or raise ValidationError naming the words that cannot be set."""
    unknown = sorted(set(settings) - SETTABLE_WORDS)
    if unknown:
        raise forms.ValidationError(
            _("These words cannot be set: %(unknown)s. Known: %(known)s."),
            params={"unknown": ", ".join(unknown), "known": ", ".join(sorted(SETTABLE_WORDS))},
        )
    return settings


@admin.register(Style)
class StyleAdmin(TellsBroken, HubAdmin):
    """Styles, in the order in which apps see them."""

    form = StyleForm
    list_display = ("code", "name_en", "name_zh", "suffix_en", "position", "is_active")
    list_editable = ("position", "is_active")
    search_fields = ("code", "name_en", "name_zh")
    fieldsets = (
        (None, {"fields": ("code", "is_active", "position", "brand_of")}),
        (_("English"), {"fields": ("name_en", "suffix_en")}),
        (_("Chinese"), {"fields": ("name_zh", "suffix_zh")}),
        (_("Both languages"), {"fields": ("negative_prompt",)}),
        (_("Settings"), {"fields": ("settings_rows",)}),
        (_("Settings in JSON, for experts"), {"fields": ("settings",), "classes": ["collapse"]}),
    )

    actions_detail = ("edit_pictures", "draw_sheet")
    change_form_after_template = "admin/templates/follow.html"

    def get_urls(self) -> list[Any]:
        """Add the door where rows and JSON are asked for each other, before the address of a style of this name."""
        view = self.admin_site.admin_view(self.follow)
        return [path("follow/", view, name="templates_style_follow"), *super().get_urls()]

    def follow(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the JSON of the rows that were typed, or the rows of the JSON; nothing is saved."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        form = StyleForm(request.POST)
        form.full_clean()
        return JsonResponse(form.follow())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a style with its pictures and its preview sheet; who stores and draws these is known by those who take
        orders: settings name them."""
        style = self.find_object(request, object_id)
        sheet = import_string(settings.STYLE_SHEET)(request, style)
        # A page has one dialog that shows pictures in large: the sheet brings it along.
        pictures = import_string(settings.STYLE_PICTURES)(style, brings_dialog=not sheet)
        parts = [(_("Reference pictures"), pictures), (_("Preview sheet"), sheet)]
        words = {"sections": [(title, html) for title, html in parts if html]}
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    def has_sheet_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may have something drawn at the hub's expense, and see it."""
        may = request.user.has_perm
        return bool(may("generation.order_task") and may("generation.view_task"))

    @action(description=_("Draw the preview sheet"), permissions=["sheet"], icon="grid_view")
    def draw_sheet(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page that draws it: orders are another room's matter."""
        style = self.find_object(request, object_id)
        return HttpResponseRedirect(reverse("admin:generation_style_sheet", args=[style.pk]))

    @action(description=_("Reference pictures"), permissions=["change"], icon="add_photo_alternate")
    def edit_pictures(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page that takes them: files are another room's matter."""
        style = self.find_object(request, object_id)
        return HttpResponseRedirect(reverse("admin:generation_style_pictures", args=[style.pk]))

    @display(description=_("What the style sets"))
    def settings_rows(self, style: Style) -> SafeString | str:
        """Show what it sets to those who may not change it."""
        return word_settings(style.settings)

    @display(description=_("brand of"))
    @shown_once
    def brand_of(self, style: Style) -> str:
        """Show the platforms whose orders wear this style, or another of a few."""
        bound = Platform.objects.filter(styles__contains=[style.code]).order_by("name")
        return ", ".join(bound.values_list("name", flat=True)) or "–"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix the code once it is known to others."""
        return ("brand_of", "code") if obj else ("brand_of",)
