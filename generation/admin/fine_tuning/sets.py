"""Pages of training sets: what is learned, for which model, under which word; and the way to all the rest."""

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from generation.admin.fine_tuning.forms import LessonForm
from generation.admin.fine_tuning.pictures import PicturePages
from generation.admin.fine_tuning.shown import show_pictures, state_badge
from generation.fine_tuning import jobs, sets
from generation.models import Offer, TrainingSet
from generation.models.account import LOCAL
from genhub.admin.pages import Question, ask, word_whole
from genhub.admin.show import link, moment, table
from genhub.lib.errors import Problem

# On the page of a set; the others are on the page of its pictures.
FIRST: Final = 12
TRAIN: Final = "generation.train_loras"


@admin.register(TrainingSet)
class TrainingSetAdmin(PicturePages):
    """Training sets, the newest first."""

    list_display = ("name", "offer", "trigger", "platform_shown", "number", "made_by", "created")
    list_select_related = ("offer", "platform")
    list_filter = ("offer", "platform")
    search_fields = ("name", "trigger", "made_by")
    search_help_text = _("Search by name, trigger word or maker.")
    fieldsets = (
        (_("What it is"), {"fields": (("name", "platform"), ("offer", "trigger"))}),
        (_("How it stands"), {"fields": (("number", "made_by", "created"),)}),
    )
    readonly_fields = ("number", "made_by", "created")
    actions_detail = ("edit_pictures", "train", "delete_it")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrainingSet]:
        """Return the sets with how many pictures each has."""
        rows: QuerySet[TrainingSet] = super().get_queryset(request)
        return rows.annotate(held=Count("pictures"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix what trainings were made of."""
        fixed = ("offer", "trigger") if obj and obj.jobs.exists() else ()
        return (*self.readonly_fields, *fixed)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **words: Any) -> Any:
        """Offer the models of the local engine alone."""
        if db_field.name == "offer":
            rows = Offer.objects.filter(account__queue=LOCAL, local__isnull=False)
            words["queryset"] = rows.exclude(local__folder="")
        return super().formfield_for_foreignkey(db_field, request, **words)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Note who made it."""
        if not change:
            obj.made_by = request.user.get_username()
        super().save_model(request, obj, form, change)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a set with its first pictures and its trainings."""
        row = self.find_object(request, object_id)
        sections = [(_("Pictures"), pictures_of(row))]
        if request.user.has_perm("generation.view_trainingjob") and row.jobs.exists():
            sections.append((_("Trainings"), jobs_table(row)))
        words = {"sections": sections} | (extra_context or {})
        return super().change_view(request, object_id, form_url, words)

    def has_train_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who may train, and see what comes of it."""
        return all(map(request.user.has_perm, (TRAIN, "generation.view_trainingjob")))

    @action(
        description=_("Train"),
        permissions=["train"],
        icon="model_training",
        variant=ActionVariant.PRIMARY,
    )
    def train(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how, then have a LoRA trained once nothing is to be drawn."""
        row = self.find_object(request, object_id)
        if not self.has_train_permission(request):
            raise PermissionDenied
        side = min(row.offer.default_width, row.offer.default_height)
        form = LessonForm(request.POST or None, initial={"resolution": side})
        if form.is_valid():
            by, once = request.user.get_username(), form.cleaned_data["once"]
            try:
                job = jobs.ask(row.pk, form.lesson(), by=by, once=once)
            except Problem as problem:
                form.add_error(None, word_whole(problem))
            else:
                self.log_change(
                    request, row, gettext("Asked for a training: %(job)s") % {"job": job}
                )
                page = reverse("admin:generation_trainingjob_change", args=[job.pk])
                return HttpResponseRedirect(page)
        question = Question(
            title=gettext("Train a LoRA by %(set)s?") % {"set": row},
            intro=gettext(
                "It learns on the worker of the local queue while no order waits; an order that comes waits for the step "
                "under way alone. It learns from the pictures and captions as they are now."
            ),
            facts={gettext("Base model"): row.offer, gettext("Trigger word"): row.trigger, gettext("Pictures"): row.held},
            form=form,
            submit=gettext("Train"),
            back=self.page_of(row),
        )  # fmt: skip
        return ask(self, request, question, about=row)

    @action(
        description=_("Delete the set"),
        permissions=["train"],
        icon="delete",
        variant=ActionVariant.DANGER,
    )
    def delete_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then delete a set with all that came of it but its LoRAs."""
        row = self.find_object(request, object_id)
        if not self.has_train_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            try:
                sets.delete_set(row.pk)
            except Problem as problem:
                messages.error(request, word_whole(problem))
                return HttpResponseRedirect(self.page_of(row))
            self.log_deletions(request, [row])
            messages.success(request, gettext("%(set)s was deleted.") % {"set": row})
            return HttpResponseRedirect(reverse("admin:generation_trainingset_changelist"))
        question = Question(
            title=gettext("Delete %(set)s?") % {"set": row},
            intro=gettext(
                "Its pictures and captions go for good, and its trainings with their samples and checkpoints. LoRAs that "
                "were trained by it stay: they are taken away on their model's page."
            ),
            facts={
                gettext("Pictures"): row.held,
                gettext("Trainings"): row.jobs.count(),
                gettext("LoRAs that are offered"): ", ".join(
                    row.jobs.exclude(offered_as="").values_list("offered_as", flat=True)
                )
                or "–",
            },
            submit=gettext("Delete it"), back=self.page_of(row), is_dangerous=True,
        )  # fmt: skip
        return ask(self, request, question, about=row)

    @display(description=_("platform"), ordering="platform")
    def platform_shown(self, row: TrainingSet) -> str:
        """Show whom it is made for."""
        return str(row.platform or gettext("the whole hub"))

    @display(description=_("pictures"))
    def number(self, row: Any) -> int:
        """Show how many pictures it has."""
        return int(getattr(row, "held", 0))

    @display(description=_("created at"), ordering="id")
    def created(self, row: TrainingSet) -> str:
        """Show when it was made."""
        return moment(row.created_at)


def pictures_of(row: TrainingSet) -> SafeString:
    """Return the first pictures of a set with their captions."""
    found = list(row.pictures.all()[:FIRST])
    shown = show_pictures(one.artifact_id for one in found)
    cells = [(shown.get(one.artifact_id.hex), one.caption) for one in found]
    left = row.pictures.count() - len(found)
    return render_to_string("admin/generation/taught.html", {"cells": cells, "left": left})


def jobs_table(row: TrainingSet) -> SafeString:
    """Return the trainings of a set, the newest first."""
    rows = [
        [link("generation_trainingjob", job.pk, job), state_badge(job), f"{job.step} / {job.steps}", job.offered_as or "–"]
        for job in row.jobs.select_related("set")[:FIRST]
    ]  # fmt: skip
    return table([_("Training"), _("state"), _("Steps"), _("offered as")], rows)
