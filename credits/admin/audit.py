"""Pages of audits: every run, what it found in words, and the button that runs one now."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from credits import audit
from credits.models import AuditRun, Purse
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.pages import Question, ask
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import badge, code, link, moment, table

MOST_ROWS_SHOWN = 10


@admin.register(AuditRun)
class AuditRunAdmin(ReadOnlyAdmin):
    """Every audit, newest first."""

    list_display = ("time", "result", "scope", "checks", "seconds", "proved")
    list_display_links = ("time",)
    list_filter = ("started_at",)
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = ("time", "result", "scope", "checks", "seconds", "proved")
    actions_list = ("audit_now",)

    def has_run_permission(self, request: HttpRequest) -> bool:
        """Allow those who hold the right to run the audit and may see its results."""
        may_run = request.user.has_perm("credits.run_audit")
        return bool(may_run and self.has_view_permission(request))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show what was found, in words."""
        run = self.find_object(request, object_id)
        words: dict[str, Any] = {"sections": sections_of(run)}
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    @display(description=_("time"), ordering="id")
    def time(self, run: AuditRun) -> str:
        """Show when it began, to the second."""
        return moment(run.started_at)

    @display(description=_("result"))
    def result(self, run: AuditRun) -> SafeString:
        """Show what came of it as a coloured word."""
        return result_badge(run)

    @display(description=_("what was read"))
    def scope(self, run: AuditRun) -> str:
        """Show whether it read everything or what came since another."""
        if run.since is None:
            return gettext("all books")
        return gettext("since %(time)s") % {"time": moment(run.since.proved_until)}

    @display(description=_("proved until"))
    def proved(self, run: AuditRun) -> str:
        """Show up to when the books are proved by it, if they are."""
        return moment(None if run.findings or not run.checks else run.proved_until)

    @action(
        description=_("Audit now"),
        permissions=["run"],
        icon="fact_check",
        variant=ActionVariant.PRIMARY,
    )
    def audit_now(self, request: HttpRequest) -> HttpResponse:
        """Ask, then audit all books and show the result."""
        if request.method == "POST":
            run = audit.prove(freezes=True)
            self.log_addition(request, run, gettext("Audited by hand."))
            if not run.findings:
                messages.success(request, gettext("Everything agrees."))
            return HttpResponseRedirect(reverse("admin:credits_auditrun_change", args=[run.pk]))
        question = Question(
            title=gettext("Audit all books now"),
            intro=gettext(
                "It reads everything once and changes nothing. A purse whose credits do not agree is frozen: it takes "
                "no new order until a person has stated its true balance."
            ),
            submit=gettext("Audit now"),
            back=reverse("admin:credits_auditrun_changelist"),
        )
        return ask(self, request, question)


def result_badge(run: AuditRun) -> SafeString:
    """Return what came of a run as a coloured word."""
    if not run.checks:
        return badge(gettext("not finished"), "warning")
    if not run.findings:
        return badge(gettext("all agrees"), "success")
    count = len(run.findings)
    return badge(
        ngettext("%(count)s broken", "%(count)s broken", count) % {"count": count}, "danger"
    )


def word_check(name: str) -> str:
    """Return what a check proves, in one sentence; a check that there is no more by its name."""
    check = audit.list_checks().get(name)
    return str(check.meaning) if check else name


def sections_of(run: AuditRun) -> list[tuple[str, SafeString]]:
    """Return what a run found, and what it proved."""
    broken = {finding["check"] for finding in run.findings}
    sections = []
    if broken:
        headers = [_("What is not true"), _("rows"), _("first of them"), _("purses")]
        rows = [
            [word_check(f["check"]), f["count"], list_rows(f["rows"]), list_purses(f["purses"])]
            for f in run.findings
        ]
        sections.append((gettext("Found wrong"), table(headers, rows)))
    if run.checks:
        proved = [
            [check.meaning, code(name)]
            for name, check in audit.list_checks().items()
            if name not in broken and (run.since is None or check.since is not None)
        ]
        sections.append((gettext("Proved"), table([_("What is true"), _("name")], proved)))
    return sections


def list_rows(rows: list[str]) -> SafeString:
    """Return the first broken rows, one a line."""
    return format_html_join("", "{}<br>", ((code(row),) for row in rows[:MOST_ROWS_SHOWN]))


def list_purses(purses: list[str]) -> SafeString:
    """Return links to the first purses whose credits are wrong, one a line."""
    found = Purse.objects.select_related("platform").filter(pk__in=purses[:MOST_ROWS_SHOWN])
    links = ((link("credits_purse", purse.pk, purse),) for purse in found)
    return format_html_join("", "{}<br>", links)
