"""Pages of legal holds: laid and lifted by whoever holds the right, with a reason each time."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.forms import ReasonForm
from genhub.admin.pages import Question, ask, without_action, word
from genhub.admin.show import badge, moment
from genhub.platforms.models import Platform
from genhub.retention import holds
from genhub.retention.models import LegalHold

LIST = "admin:retention_legalhold_changelist"


class WhyForm(ReasonForm):
    """Asks why, in words that whoever asks for deletion reads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "At least 10 characters. It stays for ever, with your name; receipts of deletions quote it, without the name."
        )


class HoldForm(WhyForm):
    """Whose data is held, and why."""

    field_order = ("platform", "user", "reason")
    platform = forms.ModelChoiceField(
        Platform.objects.order_by("name"), label=_("Platform"), widget=UnfoldAdminSelectWidget
    )
    user = forms.CharField(
        label=_("User"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget,
        help_text=_("Empty: all users of the platform."),
    )  # fmt: skip


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin):
    """What nobody deletes, and why."""

    list_display = ("whose", "state", "reason", "laid", "laid_by")
    list_display_links = ("whose",)
    list_filter = (("lifted_at", admin.EmptyFieldListFilter), "platform")
    list_select_related = ("platform", "laid_by")
    search_fields = ("user", "reason")
    search_help_text = _("Search by user, reason or id.")
    fields = ("whose", "state", "reason", "laid", "laid_by")
    actions_list = ("lay",)
    actions_detail = ("lift",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add how it ended, once it has."""
        ended = ("lifted", "lifted_by", "lifted_why")
        return self.fields if obj is None or not obj.lifted_at else (*self.fields, *ended)

    def has_lay_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right and may see what is held."""
        may_lay = request.user.has_perm("retention.lay_holds")
        return bool(may_lay and self.has_view_permission(request))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer to lift what still lies."""
        found = super().get_actions_detail(request, object_id)
        row = self.get_object(request, object_id)
        return without_action(found, "lift") if row is None or row.lifted_at else found

    @display(description=_("what is held"), header=True, ordering="user")
    def whose(self, row: LegalHold) -> list[Any]:
        """Show whose data is held."""
        return [row.user or gettext("all users"), str(row.platform)]

    @display(description=_("state"))
    def state(self, row: LegalHold) -> SafeString:
        """Show whether it still holds anything."""
        return badge(_("lifted")) if row.lifted_at else badge(_("nothing is deleted"), "warning")

    @display(description=_("laid at"), ordering="laid_at")
    def laid(self, row: LegalHold) -> str:
        """Show since when, to the second."""
        return moment(row.laid_at)

    @display(description=_("lifted at"), ordering="lifted_at")
    def lifted(self, row: LegalHold) -> str:
        """Show when it ended."""
        return moment(row.lifted_at)

    @action(
        description=_("Lay a legal hold"), permissions=["lay"], icon="gavel", variant=ActionVariant.PRIMARY
    )  # fmt: skip
    def lay(self, request: HttpRequest) -> HttpResponse:
        """Ask whose data and why, then hold it."""
        form = HoldForm(request.POST or None)
        if form.is_valid():
            words = form.cleaned_data
            user = words["user"].strip()
            row = holds.lay(
                words["platform"].pk, user, reason=words["reason"], by=request.user.pk or 0
            )
            self.log_change(request, row, gettext("Laid: %(reason)s") % words)
            messages.success(request, gettext("It is held: nothing of it is deleted any more."))
            return HttpResponseRedirect(reverse("admin:retention_legalhold_change", args=[row.pk]))
        question = Question(
            title=gettext("Lay a legal hold"),
            intro=gettext(
                "Pictures, prompts and whatever else is kept of these users stay from now on, however old they get and "
                "whoever asks to delete them, until somebody lifts the hold. What has gone before does not come back."
            ),
            form=form,
            submit=gettext("Hold it"),
            back=reverse(LIST),
        )
        return ask(self, request, question)

    @action(
        description=_("Lift"), permissions=["lay"], icon="lock_open", variant=ActionVariant.DANGER
    )
    def lift(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then let what is old go again."""
        row = self.find_object(request, object_id)
        back = reverse("admin:retention_legalhold_change", args=[row.pk])
        form = WhyForm(request.POST or None)
        if form.is_valid():
            try:
                holds.lift(row.pk, reason=form.cleaned_data["reason"], by=request.user.pk or 0)
            except holds.HoldLifted as problem:
                messages.error(request, word(problem))
            else:
                self.log_change(request, row, gettext("Lifted: %(reason)s") % form.cleaned_data)
                messages.success(request, gettext("The hold was lifted."))
            return HttpResponseRedirect(back)
        question = Question(
            title=gettext("Lift this legal hold?"),
            intro=gettext(
                "What is older than its retention rule says goes with the loop's next turn, and deletions that waited go "
                "on. What goes cannot be brought back."
            ),
            facts={
                gettext("What is held"): f"{row.user or gettext('all users')} @ {row.platform}",
                gettext("Reason"): row.reason,
            },
            form=form,
            submit=gettext("Lift it"),
            back=back,
            is_dangerous=True,
        )
        return ask(self, request, question, about=row)
