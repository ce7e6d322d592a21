"""Pages of deletions of users' data: asked for with a reason, watched, and what each deleted and left."""

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
from genhub.admin.pages import Question, ask
from genhub.admin.show import badge, link, moment, table
from genhub.platforms.models import Platform
from genhub.retention import erasing, holds, receipts
from genhub.retention.models import Erasure
from genhub.retention.wording import grouped, word_amount

State = Erasure.State
COLOURS = {State.ASKED: "info", State.WORKING: "info", State.HELD: "warning", State.DONE: "success"}


class ErasureForm(ReasonForm):
    """Whose data goes, and why."""

    field_order = ("platform", "user", "reason")
    platform = forms.ModelChoiceField(
        Platform.objects.order_by("name"), label=_("Platform"), widget=UnfoldAdminSelectWidget
    )
    user = forms.CharField(label=_("User"), max_length=200, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "At least 10 characters. It stays for ever, with your name: do not name the user in it."
        )

    def clean(self) -> dict[str, Any]:
        """Ask again under a name that was shown before: what goes cannot be brought back."""
        words: dict[str, Any] = super().clean() or {}
        if not self.errors and words["seen"] != words["user"]:
            self.look_again(words["user"])
            said = _(
                "All data of “%(user)s” will be deleted for good. Send it again if that is meant."
            )
            self.add_error(None, forms.ValidationError(said, params={"user": words["user"]}))
        return words


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Deletions, the newest first."""

    list_display = ("wish", "whose", "state_shown", "asked", "asked_by", "done")
    list_display_links = ("wish",)
    list_filter = ("state", "platform")
    list_select_related = ("platform",)
    search_fields = ("user", "reason")
    search_help_text = _("Search by user, reason or id.")
    ordering = ("-id",)
    fields = (
        "wish", "whose_named", "state_shown", "failing", "reason", "asked_by", "asked", "turn", "done", "deleted_shown",
        "kept_shown", "holds_shown",
    )  # fmt: skip
    actions_list = ("erase",)

    def has_erase_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right and may see what is deleted."""
        may_erase = request.user.has_perm("retention.erase_users")
        return bool(may_erase and self.has_view_permission(request))

    @display(description=_("deletion"))
    def wish(self, row: Erasure) -> str:
        """Show its id as receipts name it."""
        return str(row)

    @display(description=_("user"), header=True, ordering="user")
    def whose(self, row: Erasure) -> list[Any]:
        """Show whose data goes; once it is done, nobody knows."""
        return [gettext("deleted") if row.done_at else row.user, str(row.platform)]

    @display(description=_("user"))
    def whose_named(self, row: Erasure) -> str:
        """Show whose data goes, or what the books call them now."""
        return f"{row.user} @ {row.platform}"

    @display(description=_("state"), ordering="state")
    def state_shown(self, row: Erasure) -> SafeString:
        """Show where it stands."""
        return badge(row.get_state_display(), COLOURS[State(row.state)])

    @display(description=_("failing since"))
    def failing(self, row: Erasure) -> str:
        """Show since when it cannot go on, and where the reason stands."""
        if row.failing_since is None:
            return "–"
        return gettext("%(time)s; the loops' log says why") % {"time": moment(row.failing_since)}

    @display(description=_("asked at"), ordering="asked_at")
    def asked(self, row: Erasure) -> str:
        """Show when it was asked for."""
        return moment(row.asked_at)

    @display(description=_("last turn"), ordering="turn_at")
    def turn(self, row: Erasure) -> str:
        """Show when it was last carried on."""
        return moment(row.turn_at)

    @display(description=_("done at"), ordering="done_at")
    def done(self, row: Erasure) -> str:
        """Show when it ended."""
        return moment(row.done_at)

    @display(description=_("deleted"))
    def deleted_shown(self, row: Erasure) -> SafeString | str:
        """Show what went, part by part."""
        parts = [
            [part["meaning"], word_amount(part["rows"], part["files"], part["bytes"])]
            for part in receipts.list_deleted(row)
        ]
        return table([_("what"), _("amount")], parts) if parts else "–"

    @display(description=_("kept"))
    def kept_shown(self, row: Erasure) -> SafeString | str:
        """Show what stays, and why."""
        parts = [
            [one["meaning"], grouped(one["rows"]), one["why"]] for one in receipts.list_kept(row)
        ]
        return table([_("what"), _("rows"), _("why")], parts) if parts else "–"

    @display(description=_("held by"))
    def holds_shown(self, row: Erasure) -> SafeString | str:
        """Show the legal holds that it waits for."""
        if row.done_at:
            return "–"
        found = holds.find_holds(row.platform_id, row.user)
        rows = [
            [link("retention_legalhold", one.pk, moment(one.laid_at)), one.reason] for one in found
        ]
        return table([_("laid at"), _("reason")], rows) if rows else "–"

    @action(
        description=_("Delete a user's data"), permissions=["erase"], icon="person_remove",
        variant=ActionVariant.DANGER,
    )  # fmt: skip
    def erase(self, request: HttpRequest) -> HttpResponse:
        """Ask whose data and why, twice, then have it deleted."""
        form = ErasureForm(request.POST or None)
        if form.is_valid():
            words = form.cleaned_data
            by = request.user.get_username()
            row = erasing.ask(words["platform"].pk, words["user"], by=by, reason=words["reason"])
            self.log_change(request, row, gettext("Asked for: %(reason)s") % words)
            messages.success(
                request, gettext("It is being deleted; this page tells how far it is.")
            )
            return HttpResponseRedirect(reverse("admin:retention_erasure_change", args=[row.pk]))
        question = Question(
            title=gettext("Delete a user's data"),
            intro=gettext(
                "Files, prompts, metadata, preferences, subjects, links and webhook messages of this user are deleted, "
                "orders under way are canceled, credits that are left are lost, and the books name nobody any more. What "
                "lies under a legal hold stays until it is lifted. Nothing can be brought back."
            ),
            form=form,
            submit=gettext("Delete for good"),
            back=reverse("admin:retention_erasure_changelist"),
            is_dangerous=True,
        )
        return ask(self, request, question)
