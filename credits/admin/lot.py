"""Pages of lots, and how a purse's lots stand on its own page."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from credits.admin.words import link_for
from credits.models import Lot, LotUse, Purse
from credits.selectors import list_expiring
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import badge, moment, table

SOON = timedelta(days=7)
MOST_USES = 50


class LeftFilter(admin.SimpleListFilter):
    """Whether a lot still holds credits."""

    title = _("credits left")
    parameter_name = "left"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lot]) -> QuerySet[Lot]:
        """Return the lots of the choice."""
        match self.value():
            case "yes":
                return queryset.filter(remaining__gt=0)
            case "no":
                return queryset.filter(remaining=0)
            case _:
                return queryset


@admin.register(Lot)
class LotAdmin(ReadOnlyAdmin):
    """Granted credits that expire."""

    list_display = ("expires", "purse", "state", "amount", "remaining", "expired", "given")
    list_display_links = ("expires",)
    list_filter = (LeftFilter, "expires_at", "purse__platform")
    list_select_related = ("purse__platform",)
    search_fields = ("purse__user",)
    search_ids = ("purse",)
    search_help_text = _("Search by user.")
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("purse", "state", "expires", "given", "restores")}),
        (_("Credits"), {"fields": ("amount", "remaining", "expired")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lot]:
        """Return the lots, each judged by the database's clock."""
        return judge(super().get_queryset(request))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a lot with the newest holds that took of it."""
        lot = self.find_object(request, object_id)
        uses = lot.uses.select_related("hold").order_by("-id")[:MOST_USES]
        words = {
            "sections": [(_("Holds that took of it, newest first"), uses_table(request, uses))]
        }
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    @display(description=_("expires at"), ordering="expires_at")
    def expires(self, lot: Lot) -> str:
        """Show when, to the second."""
        return moment(lot.expires_at)

    @display(description=_("granted at"), ordering="id")
    def given(self, lot: Lot) -> str:
        """Show when it was granted."""
        return moment(lot.created_at)

    @display(description=_("state"))
    def state(self, lot: Lot) -> SafeString:
        """Show what its time means for it."""
        return state_badge(lot)


def judge(lots: QuerySet[Lot]) -> QuerySet[Lot]:
    """Return lots with `is_over` and `is_soon`, by the database's clock."""
    return lots.annotate(
        is_over=ExpressionWrapper(Q(expires_at__lte=Now()), output_field=BooleanField()),
        is_soon=ExpressionWrapper(Q(expires_at__lte=Now() + SOON), output_field=BooleanField()),
    )


def state_badge(lot: Any) -> SafeString:
    """Return what became of a judged lot, as a coloured word."""
    if lot.is_over:
        return badge(_("expired"), "danger" if lot.expired or lot.remaining else "")
    if not lot.remaining:
        return badge(_("used up"))
    return badge(_("expires soon"), "warning") if lot.is_soon else badge(_("live"), "success")


def lots_table(request: HttpRequest, purse: Purse) -> SafeString | None:
    """Return the lots of a purse that hold credits, soonest to expire first; None when it has none."""
    lots = judge(Lot.objects.filter(pk__in=[lot.pk for lot in list_expiring(purse.pk)]))
    rows = [
        [
            link_for(request, "credits_lot", lot.pk, moment(lot.expires_at)),
            lot.remaining,
            lot.amount,
            state_badge(lot),
        ]
        for lot in lots.order_by("expires_at", "id")
    ]
    return table([_("expires at"), _("remaining"), _("of"), _("state")], rows) if rows else None


def uses_table(request: HttpRequest, uses: QuerySet[LotUse]) -> SafeString:
    """Return what holds took of a lot, and what came of it."""
    headers = [_("hold"), _("took"), _("paid"), _("came back"), _("moved to a new lot")]
    rows = [
        [
            link_for(request, "credits_hold", use.hold_id, moment(use.hold.created_at)),
            use.amount,
            use.captured,
            use.returned,
            use.moved,
        ]
        for use in uses
    ]
    return table(headers, rows)
