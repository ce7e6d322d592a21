"""The page of looks at the store: files that no row names, rows whose files are missing."""

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.show import badge, code, moment
from storage.models import OrphanReport


@admin.register(OrphanReport)
class OrphanReportAdmin(ReadOnlyAdmin):
    """What `manage.py orphans` found, the newest first."""

    list_display = ("time", "state", "files", "unnamed_files", "deleted_files", "missing_rows")
    list_display_links = ("time",)
    fields = (
        "time", "state", "days", "deletes", "seconds", "files", "size", "rows", "unnamed_files", "unnamed_size",
        "held_files", "deleted_files", "missing_rows", "example_files", "example_rows",
    )  # fmt: skip

    @display(description=_("time"), ordering="id")
    def time(self, report: OrphanReport) -> str:
        """Show when it was."""
        return moment(report.created_at)

    @display(description=_("state"))
    def state(self, report: OrphanReport) -> SafeString:
        """Show whether store and rows agree."""
        if report.missing_rows:
            return badge(_("files are missing"), "danger")
        if report.unnamed_files > report.deleted_files:
            return badge(_("files without a row"), "warning")
        return badge(_("agree"), "success")

    @display(description=_("size"))
    def size(self, report: OrphanReport) -> str:
        """Show how large all files are together."""
        return filesizeformat(report.size_bytes)

    @display(description=_("size of files without a row"))
    def unnamed_size(self, report: OrphanReport) -> str:
        """Show how large those are together."""
        return filesizeformat(report.unnamed_bytes)

    @display(description=_("files without a row, the first ones"))
    def example_files(self, report: OrphanReport) -> SafeString | str:
        """Show where some of them lie."""
        return list_codes(report.examples.get("files", []))

    @display(description=_("rows without their files, the first ones"))
    def example_rows(self, report: OrphanReport) -> SafeString | str:
        """Show the ids of some of them."""
        return list_codes(report.examples.get("rows", []))


def list_codes(names: list[str]) -> SafeString | str:
    """Return machine words, one a line, or a dash."""
    return format_html_join("", "<div>{}</div>", ((code(name),) for name in names)) or "–"
