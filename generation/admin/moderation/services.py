"""Pages of moderation services: who is asked about prompts and pictures, with which key, and how they stand."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from generation.admin.moderation.service_pages import ServiceForm, ServicePages
from generation.models import Moderator
from generation.moderation.judges.registry import JUDGES, find_judge


class ModeratorForm(ServiceForm):
    """A moderation service."""

    def clean(self) -> dict[str, Any]:
        """Return the values, or say at each field what does not fit the others."""
        values = super().clean()
        adapter = values.get("adapter") or self.instance.adapter
        if adapter in JUDGES:
            self.check_abilities(adapter, values)
        return values

    def check_abilities(self, adapter: str, values: dict[str, Any]) -> None:
        """Refuse to ask a service for what it does not judge, or for nothing."""
        judge = find_judge(adapter)
        for name, is_able in (
            ("checks_prompts", judge.judges_texts),
            ("checks_pictures", judge.judges_pictures),
        ):
            if values.get(name) and not is_able:
                self.add_error(name, _("This vendor does not judge these."))


@admin.register(Moderator)
class ModeratorAdmin(ServicePages):
    """Moderation services, in the order in which they are asked."""

    form = ModeratorForm
    fixed = ("alias", "adapter")
    list_display = ("alias", "adapter", "standing", "checks_prompts", "checks_pictures", "rank", "is_enabled")  # fmt: skip
    list_editable = ("rank", "is_enabled")
    list_filter = ("adapter", "is_enabled", "is_in_house")
    fieldsets = (
        (_("What it is"), {"fields": (("alias", "adapter"), ("checks_prompts", "checks_pictures"), ("rank", "is_enabled"))}),
        (_("The server"), {"fields": ("base_url", ("secret", "hint_shown"), "is_in_house", "options", ("connect_seconds", "answer_seconds"))}),
        (_("How it stands"), {"fields": ("standing",)}),
    )  # fmt: skip

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the adapters that there are."""
        if db_field.name == "adapter":
            kwargs["widget"] = UnfoldAdminSelectWidget(choices=[(name, name) for name in JUDGES])
        return super().formfield_for_dbfield(db_field, request, **kwargs)
