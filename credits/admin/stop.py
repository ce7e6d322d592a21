"""Pages of stopped users: who stopped whom and why. The customer's page stops and allows."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from credits.models import Stop
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.customers import customer_link
from genhub.admin.show import badge, moment


@admin.register(Stop)
class StopAdmin(ReadOnlyAdmin):
    """Stops, the newest first."""

    list_display = ("since", "owner", "state", "reason", "stopped_by", "ended")
    list_display_links = ("since",)
    list_filter = (("allowed_at", admin.EmptyFieldListFilter), "purse__platform")
    list_select_related = ("purse__platform", "stopped_by")
    search_fields = ("purse__user", "reason")
    search_ids = ("purse",)
    search_help_text = _("Search by user, reason or id.")
    ordering = ("-id",)
    fields = ("owner", "state", "reason", "stopped_by", "since")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow those who may stop users, too."""
        may_stop = request.user.has_perm("credits.stop_users")
        return may_stop or bool(super().has_view_permission(request, obj))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add how it ended, once it has."""
        ended = ("ended", "allowed_by", "allowed_why")
        return self.fields if obj is None or not obj.allowed_at else (*self.fields, *ended)

    @display(description=_("user"), ordering="purse__user")
    def owner(self, row: Stop) -> SafeString:
        """Lead to the customer's page."""
        return customer_link(row.purse)

    @display(description=_("state"))
    def state(self, row: Stop) -> SafeString:
        """Show whether the user is still refused."""
        return stop_badge(row)

    @display(description=_("stopped at"), ordering="id")
    def since(self, row: Stop) -> str:
        """Show since when, to the second."""
        return moment(row.stopped_at)

    @display(description=_("allowed again at"), ordering="allowed_at")
    def ended(self, row: Stop) -> str:
        """Show when it ended."""
        return moment(row.allowed_at)


def stop_badge(row: Stop) -> SafeString:
    """Return whether a stop still refuses orders, as a coloured word."""
    return badge(_("allowed again"), "success") if row.allowed_at else badge(_("stopped"), "danger")
