"""Pages of trainings: how far each is, its loss, what came of it, and the hand on it."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from generation.admin.fine_tuning.forms import OfferForm
from generation.admin.fine_tuning.shown import (
    draw_chart,
    pair_samples,
    progress_of,
    state_badge,
    word_failure,
)
from generation.fine_tuning import jobs
from generation.life import trainings
from generation.models import TrainingJob
from generation.models.training import LIVE
from generation.selectors.queue import list_live_workers
from generation.work.presence import GONE_AFTER
from generation.work.sheets import list_wishes
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.pages import Question, ask, without_action, word, word_whole
from genhub.admin.show import code, link, moment
from genhub.lib.errors import Problem

REFRESH_SECONDS = 2
State = TrainingJob.State
# When each deed is offered.
STOPPABLE, HELD_UP = LIVE, (State.STOPPED, State.FAILED)


@admin.register(TrainingJob)
class TrainingJobAdmin(ReadOnlyAdmin):
    """Trainings, the newest first."""

    has_history = True
    list_display = ("name", "state_shown", "how_far", "loss_shown", "asked_by", "created")
    list_filter = ("state", "set__offer")
    list_select_related = ("set__offer",)
    search_fields = ("set__name", "asked_by", "offered_as")
    search_help_text = _("Search by set, by who asked, or by the LoRA's name.")
    fieldsets = (
        (_("How it learns"), {"fields": ("steps", "resolution", "rank", "rate", "batch", "seed")}),
        (
            _("What it is"),
            {
                "fields": (
                    "set_shown", "base_model", "asked_by", "created", "began", "ended", "worker", "file_shown",
                    "offered_as",
                )
            },
        ),
    )  # fmt: skip
    change_form_outer_before_template = "admin/generation/training.html"
    actions_detail = ("offer_it", "stop_it", "start_it_again")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show how far it is and what came of it, anew every few seconds while it lasts."""
        job = self.find_object(request, object_id)
        is_live = job.state in LIVE
        words = {
            "job": job,
            "state": state_badge(job),
            "failure": word_failure(job) if job.state == State.FAILED else "",
            "progress": progress_of(job, len(list(list_wishes(job.set.trigger)))),
            "chart": draw_chart(job.losses),
            "samples": pair_samples(job),
            "is_alone": is_live and not has_worker(job),
            "seconds": REFRESH_SECONDS if is_live else 0,
        }
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrainingJob]:
        """Return the trainings with their sets."""
        rows: QuerySet[TrainingJob] = super().get_queryset(request)
        return rows.select_related("set__offer__account")

    def has_deed_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who may train."""
        return bool(request.user.has_perm("generation.train_loras"))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer what can be done with it as it stands."""
        found, job = (
            super().get_actions_detail(request, object_id),
            self.get_object(request, object_id),
        )
        may = {
            "stop_it": job is not None and job.state in STOPPABLE,
            "start_it_again": job is not None and job.state in HELD_UP,
            "offer_it": job is not None and job.state == State.DONE and not job.offered_as,
        }
        for name in (name for name, is_possible in may.items() if not is_possible):
            found = without_action(found, name)
        return list(found)

    @action(description=_("Stop"), permissions=["deed"], icon="stop", variant=ActionVariant.WARNING)
    def stop_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then stop it at its next step."""
        question = Question(
            title=gettext("Stop the training %(job)s?"),
            intro=gettext("It stops at its next step. It may be started again from its last checkpoint."),
            back="", submit=gettext("Stop it"), is_dangerous=True,
        )  # fmt: skip
        return self.steer(request, object_id, question, trainings.stop, gettext("It was stopped."))

    @action(
        description=_("Start again"),
        permissions=["deed"],
        icon="play_arrow",
        variant=ActionVariant.PRIMARY,
    )
    def start_it_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then let it go on."""
        question = Question(
            title=gettext("Start the training %(job)s again?"),
            intro=gettext("It goes on from its last checkpoint, once nothing is to be drawn."),
            back="", submit=gettext("Start again"),
        )  # fmt: skip
        done = gettext("It goes on once nothing is to be drawn.")
        return self.steer(request, object_id, question, trainings.start_again, done)

    def steer(
        self, request: HttpRequest, object_id: str, question: Question, act: Any, done: str
    ) -> HttpResponse:
        """Ask, then do it."""
        job = self.find_object(request, object_id)
        page = reverse("admin:generation_trainingjob_change", args=[job.pk])
        if request.method == "POST":
            try:
                act(job.pk)
            except Problem as problem:
                messages.error(request, word(problem))
            else:
                self.log_change(request, job, done)
                messages.success(request, done)
            return HttpResponseRedirect(page)
        values = vars(question) | {"title": question.title % {"job": job}, "back": page}
        return ask(self, request, Question(**values), about=job)

    @action(
        description=_("Offer its LoRA"),
        permissions=["deed"],
        icon="style",
        variant=ActionVariant.PRIMARY,
    )
    def offer_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask what it is called, then let orders name it."""
        job = self.find_object(request, object_id)
        page = reverse("admin:generation_trainingjob_change", args=[job.pk])
        form = OfferForm(request.POST or None, initial={"name": f"lora-{job.pk.hex[-6:]}"})
        if form.is_valid():
            name = form.cleaned_data["name"]
            try:
                jobs.offer_lora(job.pk, name, form.cleaned_data["scale"])
            except Problem as problem:
                form.add_error(None, word_whole(problem))
            else:
                done = gettext("Orders of %(model)s may name it now: %(name)s.") % {
                    "model": job.set.offer,
                    "name": name,
                }
                self.log_change(request, job, done)
                messages.success(request, done)
                return HttpResponseRedirect(page)
        question = Question(
            title=gettext("Offer the LoRA of %(job)s?") % {"job": job},
            intro=gettext(
                "Orders of %(model)s, templates and styles may wear it from then on; none does that does not name it. It is "
                "taken away again on the model's page."
            ) % {"model": job.set.offer},
            facts={gettext("File on the workers"): job.file, gettext("Trigger word"): job.set.trigger},
            form=form, submit=gettext("Offer it"), back=page,
        )  # fmt: skip
        return ask(self, request, question, about=job)

    @display(description=_("training"))
    def name(self, job: TrainingJob) -> str:
        """Show the set and the end of the id."""
        return str(job)

    @display(description=_("state"), ordering="state")
    def state_shown(self, job: TrainingJob) -> SafeString:
        """Show the state as a coloured word."""
        return SafeString(state_badge(job))

    @display(description=_("Steps"))
    def how_far(self, job: TrainingJob) -> str:
        """Show how many steps were done, of how many."""
        return f"{job.step} / {job.steps}"

    @display(description=_("loss"))
    def loss_shown(self, job: TrainingJob) -> str:
        """Show the loss of the last step."""
        return "–" if job.loss is None else f"{job.loss:.4f}"

    @display(description=_("training set"))
    def set_shown(self, job: TrainingJob) -> SafeString:
        """Lead to the set."""
        return link("generation_trainingset", job.set_id, job.set)

    @display(description=_("base model"))
    def base_model(self, job: TrainingJob) -> str:
        """Show which model it is for."""
        return str(job.set.offer)

    @display(description=_("file on the workers"))
    def file_shown(self, job: TrainingJob) -> SafeString | str:
        """Show where the LoRA lies."""
        return code(job.file) if job.file else "–"

    @display(description=_("created at"), ordering="id")
    def created(self, job: TrainingJob) -> str:
        """Show when it was asked for."""
        return moment(job.created_at)

    @display(description=_("begun at"))
    def began(self, job: TrainingJob) -> str:
        """Show when its first worker took it."""
        return moment(job.started_at)

    @display(description=_("ended at"))
    def ended(self, job: TrainingJob) -> str:
        """Show when it ended, whatever the end."""
        return moment(job.ended_at)


def has_worker(job: TrainingJob) -> bool:
    """Return whether a worker that lives serves the queue of a training."""
    queue = job.set.offer.account.queue
    return any(queue in worker.queues for worker in list_live_workers(GONE_AFTER))
