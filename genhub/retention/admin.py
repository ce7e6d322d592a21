"""The page of what is deleted when: for staff to look at; ages are settings."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.show import badge, code, moment
from genhub.retention.ages import KINDS
from genhub.retention.erasure_admin import ErasureAdmin  # noqa: F401 (found by import)
from genhub.retention.hold_admin import LegalHoldAdmin  # noqa: F401 (found by import)
from genhub.retention.keeping_admin import KeepingAdmin  # noqa: F401 (found by import)
from genhub.retention.models import RuleReport
from genhub.retention.rules import Rule, list_rules
from genhub.retention.wording import word_age, word_amount


@admin.register(RuleReport)
class RuleReportAdmin(ReadOnlyAdmin):
    """What goes, after how long, and what went so far."""

    list_display = ("what", "kept_for", "state", "oldest", "deleted", "last")
    list_display_links = ("what",)
    fields = (
        "what",
        "name",
        "kept_for",
        "state",
        "failing",
        "oldest",
        "deleted",
        "last",
        "last_time",
        "turn",
    )
    ordering = ("rule",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleReport]:
        """Return the rules that this release has."""
        names = [rule.name for rule in list_rules()]
        rows: QuerySet[RuleReport] = super().get_queryset(request)
        return rows.filter(rule__in=names)

    @display(description=_("what goes"), ordering="rule")
    def what(self, report: RuleReport) -> str:
        """Show what the rule is about."""
        return str(rule_of(report).meaning)

    @display(description=_("name"))
    def name(self, report: RuleReport) -> SafeString:
        """Show the name that logs and commands use."""
        return code(report.rule)

    @display(description=_("kept for"))
    def kept_for(self, report: RuleReport) -> str:
        """Show the age after which it goes; platforms may have ages of their own."""
        rule = rule_of(report)
        age = word_age(rule.age)
        return (
            gettext("%(age)s, or as its platform says") % {"age": age}
            if rule.days in KINDS
            else age
        )

    @display(description=_("state"))
    def state(self, report: RuleReport) -> SafeString:
        """Show whether its last turn could delete everything that was to go."""
        if report.failing_since is None:
            return badge(_("works"), "success")
        return badge(_("not all deleted"), "danger")

    @display(description=_("failing since"))
    def failing(self, report: RuleReport) -> str:
        """Show since when it could not delete everything, and where the reason stands."""
        if report.failing_since is None:
            return "–"
        words = gettext("%(time)s; the loops' log says why")
        return words % {"time": moment(report.failing_since)}

    @display(description=_("oldest left"), ordering="oldest_at")
    def oldest(self, report: RuleReport) -> str:
        """Show how old the oldest is that stays."""
        return moment(report.oldest_at)

    @display(description=_("deleted so far"), ordering="all_rows")
    def deleted(self, report: RuleReport) -> str:
        """Show what all turns deleted together."""
        return word_amount(report.all_rows, report.all_files, report.all_bytes)

    @display(description=_("last deleted"), ordering="deleted_at")
    def last(self, report: RuleReport) -> str:
        """Show what the last turn deleted that deleted anything."""
        return word_amount(report.last_rows, report.last_files, report.last_bytes)

    @display(description=_("deleted at"))
    def last_time(self, report: RuleReport) -> str:
        """Show when that was."""
        return moment(report.deleted_at)

    @display(description=_("last turn"), ordering="turn_at")
    def turn(self, report: RuleReport) -> str:
        """Show when the rule was last carried out."""
        return moment(report.turn_at)


def rule_of(report: RuleReport) -> Rule:
    """Return the rule of a report; the page lists no other reports."""
    return next(rule for rule in list_rules() if rule.name == report.rule)
