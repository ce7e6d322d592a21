"""Pages of what is remembered of users: usual words of orders, seeds of subjects; read, and forgotten on their wish."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from generation.models import Preferences, Subject
from generation.orders import preferences, subjects
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.forms import ReasonForm
from genhub.admin.pages import Question, ask, word
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import pairs
from genhub.retention.holds import UnderHold


class ForgetForm(ReasonForm):
    """Asks why something of a user is forgotten."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "At least 10 characters. It stays in the platform's history, with your name; the user does not read it."
        )


class TasteAdmin(ReadOnlyAdmin):
    """Rows that are of one user each, and may be forgotten by whoever holds the right."""

    list_filter = ("platform",)
    list_select_related = ("platform",)
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False

    def has_forget_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right to forget and may see what there is."""
        may_forget = request.user.has_perm(f"generation.forget_{self.opts.model_name}")
        return bool(may_forget and self.has_view_permission(request))

    def confirm(
        self,
        request: HttpRequest,
        row: Any,
        *,
        title: str,
        facts: Mapping[str, Any],
        forget: Callable[[], str],
    ) -> HttpResponse:
        """Ask why, then forget and say what was forgotten; a row that is gone has no history, but its platform has."""
        form = ForgetForm(request.POST or None)
        if form.is_valid() and (told := self.try_to(request, forget)):
            why = gettext("%(deed)s %(user)s: %(reason)s")
            words = {"deed": told, "user": row.user, **form.cleaned_data}
            self.log_change(request, row.platform, why % words)
            messages.success(request, told)
            return HttpResponseRedirect(reverse(f"admin:{self.name_of('changelist')}"))
        question = Question(
            title=title,
            intro=gettext(
                "Orders that were made stay as they are, and no credits move. What is forgotten cannot be brought back."
            ),
            facts={gettext("User"): self.user_named(row), **facts},
            form=form,
            submit=gettext("Forget"),
            back=reverse(f"admin:{self.name_of('change')}", args=[row.pk]),
            is_dangerous=True,
        )
        return ask(self, request, question, about=row)

    def try_to(self, request: HttpRequest, forget: Callable[[], str]) -> str:
        """Forget, and return what was forgotten; say why where nothing may be, and return nothing."""
        try:
            return forget()
        except UnderHold as refusal:
            messages.error(request, word(refusal))
            return ""

    def name_of(self, page: str) -> str:
        """Return the name of one of the model's addresses."""
        return f"generation_{self.opts.model_name}_{page}"

    @display(description=_("user"), header=True, ordering="user")
    def user_shown(self, row: Any) -> list[Any]:
        """Show the user and the platform."""
        return [row.user, str(row.platform)]

    @display(description=_("user"))
    def user_named(self, row: Any) -> str:
        """Show the user and the platform in one line."""
        return f"{row.user} @ {row.platform}"


@admin.register(Preferences)
class PreferencesAdmin(TasteAdmin):
    """Users' usual words of orders."""

    list_display = ("user_shown", "named", "updated_at")
    list_display_links = ("user_shown",)
    search_fields = ("user",)
    search_help_text = _("Search by user.")
    fields = ("user_named", "words_shown", "updated_at")
    readonly_fields = ("user_named", "words_shown")
    actions_detail = ("forget",)

    @action(
        description=_("Forget"), permissions=["forget"], icon="delete", variant=ActionVariant.DANGER
    )
    def forget(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then forget them all."""
        row = self.find_object(request, object_id)

        def forget() -> str:
            preferences.forget(row.platform_id, row.user)
            return gettext("The preferences were forgotten.")

        facts = {gettext("Words"): self.words_shown(row)}
        title = gettext("Forget this user's preferences?")
        return self.confirm(request, row, title=title, facts=facts, forget=forget)

    @display(description=_("words"))
    def named(self, row: Preferences) -> str:
        """Name the words that are kept."""
        return ", ".join(sorted(row.words))

    @display(description=_("words"))
    def words_shown(self, row: Preferences) -> SafeString:
        """Show each word with its value."""
        return pairs(dict(sorted(row.words.items())))


@admin.register(Subject)
class SubjectAdmin(TasteAdmin):
    """Users' subjects, newest first, each with its seed."""

    list_display = ("name", "user_shown", "seed", "created_at", "used_at")
    search_fields = ("user", "name")
    search_help_text = _("Search by user, name or id.")
    fields = ("name", "user_named", "seed", "created_at", "used_at")
    readonly_fields = ("user_named",)
    actions_detail = ("forget", "forget_all")

    @action(
        description=_("Forget"), permissions=["forget"], icon="delete", variant=ActionVariant.DANGER
    )
    def forget(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then forget this one: its next order draws another seed."""
        row = self.find_object(request, object_id)
        found = subjects.find_subjects(row.platform_id, row.user).filter(pk=row.pk)
        title = gettext("Forget this subject?")
        return self.forget_these(request, row, found, title, {gettext("Subject"): row.name})

    @action(
        description=_("Forget all of this user"), permissions=["forget"], icon="delete_sweep",
        variant=ActionVariant.DANGER,
    )  # fmt: skip
    def forget_all(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then forget whatever the user has."""
        row = self.find_object(request, object_id)
        found = subjects.find_subjects(row.platform_id, row.user)
        title = gettext("Forget all subjects of this user?")
        return self.forget_these(request, row, found, title, {gettext("Subjects"): found.count()})

    def forget_these(
        self, request: HttpRequest, row: Subject, found: QuerySet[Subject], title: str, facts: Any
    ) -> HttpResponse:
        """Ask why, then forget some of a user's subjects."""

        def forget() -> str:
            count = subjects.forget_these(found)
            told = ngettext(
                "%(count)s subject was forgotten.", "%(count)s subjects were forgotten.", count
            )
            return told % {"count": count}

        return self.confirm(request, row, title=title, facts=facts, forget=forget)
