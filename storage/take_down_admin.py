"""Pages of pictures that were taken down: whose, by whom and why."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.customers import customer_link
from genhub.admin.show import code, moment
from storage.models import TakeDown


@admin.register(TakeDown)
class TakeDownAdmin(ReadOnlyAdmin):
    """Take-downs, the newest first."""

    list_display = ("when", "picture", "owner", "reason", "taken_by")
    list_display_links = ("when",)
    list_filter = ("artifact__platform",)
    list_select_related = ("artifact__platform", "taken_by")
    search_fields = ("artifact__user", "reason")
    search_ids = ("artifact",)
    search_help_text = _("Search by user or reason, or paste the id of an artifact.")
    ordering = ("-id",)
    fields = ("picture", "owner", "reason", "taken_by", "when")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow those who may take pictures down, too."""
        may_take = request.user.has_perm("storage.take_down_pictures")
        return may_take or bool(super().has_view_permission(request, obj))

    @display(description=_("artifact"))
    def picture(self, row: TakeDown) -> SafeString:
        """Show the id as apps know it."""
        return code(row.artifact)

    @display(description=_("user"), ordering="artifact__user")
    def owner(self, row: TakeDown) -> SafeString:
        """Lead to the customer's page."""
        return customer_link(row.artifact)

    @display(description=_("taken down at"), ordering="id")
    def when(self, row: TakeDown) -> str:
        """Show when, to the second."""
        return moment(row.taken_at)
