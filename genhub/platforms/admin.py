"""Pages of platforms and plans; those of API keys stand beside."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from genhub.admin.base import HubAdmin
from genhub.admin.breakage import TellsBroken
from genhub.admin.show import code, link, moment, table
from genhub.platforms.browser_tokens.admin import BrowserTokenAdmin  # noqa: F401 (found by import)
from genhub.platforms.forms import PlatformForm
from genhub.platforms.key_admin import mark_expired, state_badge
from genhub.platforms.models import Plan, Platform


@admin.register(Platform)
class PlatformAdmin(TellsBroken, HubAdmin):
    """Platforms; each page lists its keys."""

    form = PlatformForm
    list_display = ("name", "code", "is_active", "plan", "language", "time_zone", "default_model")
    list_filter = ("is_active", "plan", "local_only", "moderation")
    list_select_related = ("plan",)
    search_fields = ("code", "name")
    fields = (
        "code", "name", "language", "time_zone", "default_model", "styles", "usual_style", "plan", "most_under_way", "storage_quota_mib",
        "local_only",
        "shares_results", "moderation", "unjudged", "asks_approval", "label_producer", "visible_label", "embeds_parameters", "low_credits",
        "usd_per_credit", "is_active", "created_at",
    )  # fmt: skip
    add_fieldsets = ((None, {"fields": fields[:-1]}),)
    readonly_fields = ("created_at",)
    change_form_outer_after_template = "admin/hub/platform_keys.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix the code once it is known to others."""
        return (*self.readonly_fields, "code") if obj else self.readonly_fields

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a platform with its keys."""
        may_add = request.user.has_perm("platforms.add_apikey")
        words = {"keys": self.list_keys(request, object_id), "may_add_key": may_add}
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    def list_keys(self, request: HttpRequest, object_id: str) -> SafeString | None:
        """Return the table of a platform's keys, for those who may see keys."""
        platform = self.find_object(request, object_id)
        if not request.user.has_perm("platforms.view_apikey"):
            return None
        headers = [_("API key"), _("name"), _("user"), _("state"), _("last used at")]
        rows = [
            [
                link("platforms_apikey", key.pk, code(f"{key.prefix}…")),
                key.name,
                key.user or _("all users"),
                state_badge(key),
                moment(key.last_used_at),
            ]
            for key in mark_expired(platform.keys.all())
        ]
        return table(headers, rows)


@admin.register(Plan)
class PlanAdmin(HubAdmin):
    """Plans, and how many platforms have each."""

    list_display = ("name", "code", "discount_shown", "mode", "highest_priority", "platforms_shown")
    search_fields = ("code", "name")
    fields = (
        "code", "name", "discount_percent", "mode", "highest_priority", "reads_per_minute", "writes_per_minute",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        """Return the plans, each with the number of its platforms."""
        plans: QuerySet[Plan] = super().get_queryset(request)
        return plans.annotate(platform_count=Count("platforms"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix the code once it is known to others."""
        return ("code",) if obj else ()

    @display(description=_("discount"), ordering="discount_percent")
    def discount_shown(self, plan: Plan) -> str:
        """Show the percent off."""
        return f"{plan.discount_percent.normalize():f} %"

    @display(description=_("platforms"), ordering="platform_count")
    def platforms_shown(self, plan: Any) -> int:
        """Show how many platforms have it."""
        return int(plan.platform_count)
