"""The page of what is stored for each platform, and of what its quota leaves."""

from typing import Any

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from genhub.admin.base import ReadOnlyAdmin
from storage.models import StorageUse
from storage.usage import MIB, Use, read_use

KINDS = {
    "outputs": _("generated pictures and clips"),
    "edits": _("edited pictures"),
    "uploads": _("uploaded pictures"),
}


@admin.register(StorageUse)
class StorageUseAdmin(ReadOnlyAdmin):
    """What is stored, by platform and kind, to the moment."""

    list_display = ("platform", "kind_shown", "files_shown", "size", "of_quota")
    list_filter = ("platform",)
    list_select_related = ("platform",)
    search_fields = ("platform__code", "platform__name")
    search_help_text = _("Search by platform.")

    def read(self, row: Any) -> list[Use]:
        """Return what is stored of a row's platform at this moment, read once for all columns."""
        if not hasattr(row, "uses"):
            row.uses = list(read_use(row.platform_id))
        return list(row.uses)

    def find(self, row: StorageUse) -> Use:
        """Return what is stored of a row's kind at this moment."""
        return next(use for use in self.read(row) if use.kind == row.kind)

    @display(description=_("kind"), ordering="kind")
    def kind_shown(self, row: StorageUse) -> str:
        """Show what is stored."""
        return str(KINDS.get(row.kind, row.kind))

    @display(description=_("files"))
    def files_shown(self, row: StorageUse) -> str:
        """Show how many pictures and clips; each has a thumbnail besides."""
        count = self.find(row).files
        return ngettext("%(count)s file", "%(count)s files", count) % {"count": count}

    @display(description=_("size"))
    def size(self, row: StorageUse) -> str:
        """Show how large they are together."""
        return filesizeformat(self.find(row).size_bytes)

    @display(description=_("platform's quota"))
    def of_quota(self, row: StorageUse) -> str:
        """Show how much of its quota the platform uses with all kinds."""
        quota = row.platform.storage_quota_mib
        if quota is None:
            return gettext("none")
        used = sum(use.size_bytes for use in self.read(row))
        words = {"percent": used * 100 // max(quota * MIB, 1), "quota": quota}
        return gettext("%(percent)s %% of %(quota)s MiB") % words
