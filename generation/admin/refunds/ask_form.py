"""What the page of a refund asks for: ticked pictures, half, all or a sum; and why, in ready words or own ones."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget

from generation.admin.words import list_pictures
from generation.errors import GenerationProblem
from generation.models import RefundRequest, Task
from generation.refunds.one import Left
from generation.refunds.pictures import find_taken, share_out, sum_ticked
from genhub.admin.forms import MoveForm
from genhub.admin.pages import word

PICTURES, HALF, ALL, SUM = "pictures", "half", "all", "sum"
TICK: Final = "tick"
# The user reads them: they are written in the platform's language.
READY: Final = {
    "other": gettext_noop("The picture does not show what was asked for."),
    "broken": gettext_noop("The picture is broken or distorted."),
    "late": gettext_noop("The picture came far too late."),
    "mistake": gettext_noop("The order was made by mistake."),
    "courtesy": gettext_noop("We give these credits back as a courtesy."),
}


class RefundForm(MoveForm):
    """Asks for what is given back, and why."""

    field_order: tuple[str, ...] = ("how", "amount", "ready", "reason", "once")  # type: ignore[assignment]
    how = forms.ChoiceField(
        label=_("What is given back"), required=False, widget=UnfoldAdminRadioSelectWidget
    )
    ready = forms.ChoiceField(
        label=_("Ready reasons"), required=False, widget=UnfoldAdminSelectWidget,
        help_text=_("Written in the language of the platform. What you write below is added to it."),
    )  # fmt: skip

    def __init__(self, *args: Any, task: Task, left: Left, **kwargs: Any) -> None:
        # A repeated click comes when nothing may be left: its amount is judged by the service, which knows its key.
        super().__init__(*args, most=max(left.captured, 1), **kwargs)
        self.task, self.left = task, left
        self.shares = share_out(task, left.captured)
        self.taken = find_taken(task.pk)
        self.ticked = read_ticks(self.data)
        self.fields["amount"].required = self.fields["reason"].required = False
        how: Any = self.fields["how"]
        how.choices = list(word_ways(left, can_tick=bool(self.shares)).items())
        ready: Any = self.fields["ready"]
        ready.choices = [("", "–"), *((code, gettext(text)) for code, text in READY.items())]

    def clean(self) -> dict[str, Any]:
        """Return the amount, the pictures and the reason that the service is told."""
        words: dict[str, Any] = super().clean() or {}
        how = words.get("how") or SUM
        words["positions"] = self.ticked if how == PICTURES else []
        # What is left now says nothing of a form that came before: the service knows it by its key.
        once: Any = words.get("once")
        earlier = RefundRequest.objects.filter(pk=once, task=self.task).first()
        if earlier and how != SUM:
            words |= {"amount": earlier.amount, "positions": earlier.positions}
        elif how != SUM:
            words["amount"] = self.amount_of(how)
        elif not words.get("amount") and "amount" not in self.errors:
            self.add_error("amount", _("Say how many credits."))
        words["reason"] = self.whole_reason(words)
        if not words["reason"] and "reason" not in self.errors:
            self.add_error("reason", _("Choose a ready reason, or write one."))
        return words

    def amount_of(self, how: str) -> int:
        """Return what the chosen way gives back; say at the form why where that is nothing."""
        if how == HALF:
            return (self.left.free + 1) // 2
        if how == ALL:
            return self.left.free
        if not self.ticked:
            self.add_error("how", _("Tick the pictures above that are paid back."))
            return 0
        try:
            return sum_ticked(self.shares, self.ticked, self.taken)
        except GenerationProblem as problem:
            self.add_error("how", word(problem))
            return 0

    def whole_reason(self, words: Mapping[str, Any]) -> str:
        """Return the ready reason, in the language of whoever reads it, and what was written."""
        said = []
        if words.get("ready"):
            with translation.override(self.task.platform.language):
                said.append(gettext(READY[words["ready"]]))
        return " ".join([*said, words.get("reason") or ""]).strip()

    def draw_pictures(self) -> SafeString:
        """Return the pictures with a box to tick for each, and what each cost."""
        pictures = {picture.position: picture for picture in list_pictures(self.task.outputs.all())}
        ticks = [
            {
                "position": position,
                "number": position + 1,
                "picture": pictures[position],
                "share": share,
                "is_taken": position in self.taken,
                "is_ticked": position in self.ticked,
            }
            for position, share in self.shares.items()
        ]
        words = {"ticks": ticks, "name": TICK, "prompt": self.task.spec.get("prompt") or ""}
        return SafeString(render_to_string("admin/generation/refund_pictures.html", words))


def word_ways(left: Left, *, can_tick: bool) -> dict[str, str]:
    """Return the ways to say what is given back, with what each comes to."""
    half, whole = {"amount": (left.free + 1) // 2}, {"amount": left.free}
    ways = {
        PICTURES: gettext("the pictures ticked above, each whole"),
        HALF: gettext("half of what is left: %(amount)s credits") % half,
        ALL: gettext("all that is left: %(amount)s credits") % whole,
        SUM: gettext("as many credits as stand below"),
    }
    return ways if can_tick else {way: text for way, text in ways.items() if way != PICTURES}


def read_ticks(data: Any) -> list[int]:
    """Return the positions that were ticked; what is no position is none."""
    sent = data.getlist(TICK) if isinstance(data, QueryDict) else data.get(TICK, ())
    return sorted({int(one) for one in sent if str(one).isdecimal() and len(str(one)) < 5})  # noqa: PLR2004 (no order has so many)
