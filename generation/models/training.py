"""Fine-tuning on the company's own pictures: sets of pictures with captions, and the jobs that train a LoRA by them."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from generation.lesson import BATCH, LONGEST_CAPTION, RANK, RATE, RESOLUTION, STEPS
from genhub.lib.ids import new_id
from genhub.lib.limits import LARGEST_SIDE_PIXELS

LARGEST_SEED = 2**31 - 1
# The house's user whose pictures are those of trainings.
TRAINER = "training"
SIDE_MULTIPLE = 16


def number(words: Any, limits: tuple[int, int, int], help_text: Any) -> Any:
    """Return the column of a whole number of a lesson."""
    least, usual, most = limits
    validators = [MinValueValidator(least), MaxValueValidator(most)]
    return models.PositiveIntegerField(words, default=usual, validators=validators, help_text=help_text)  # fmt: skip


class TrainingSet(models.Model):
    """Pictures with captions, for one model. Their files are the house's, whoever it is made for."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    platform = models.ForeignKey(
        "platforms.Platform", models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("platform"), help_text=_("Whom it is made for. Empty: the whole hub."),
    )  # fmt: skip
    offer = models.ForeignKey(
        "generation.Offer", models.PROTECT, related_name="+", verbose_name=_("base model"),
        help_text=_("A model of the local engine: only there the hub has weights that can learn."),
    )  # fmt: skip
    trigger = models.CharField(
        _("trigger word"), max_length=50,
        validators=[RegexValidator(r"^\S(.*\S)?\Z", _("No spaces at its ends."))],
        help_text=_("A word that the model does not know yet; prompts that hold it ask for what it learned."),
    )  # fmt: skip
    made_by = models.CharField(_("made by"), max_length=150, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("training set")
        verbose_name_plural = _("training sets")
        ordering = ("-id",)
        default_permissions = ("add", "change", "view")

    def __str__(self) -> str:
        return self.name


class TrainingPicture(models.Model):
    """A picture of a set, and what it shows, in words as prompts have them."""

    set = models.ForeignKey(TrainingSet, models.PROTECT, related_name="pictures")
    artifact = models.OneToOneField("storage.Artifact", models.PROTECT, related_name="+")
    caption = models.CharField(_("caption"), max_length=LONGEST_CAPTION, blank=True)

    class Meta:
        ordering = ("id",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"art_{self.artifact_id.hex}"


class TrainingJob(models.Model):
    """One training: what is learned, how far it is, and what came of it. Its pictures are those of the set when it was
    asked for: who goes on with it learns from the same."""

    class State(models.TextChoices):
        """Waiting and running are live; a stopped or failed one may go on from its last checkpoint."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    set = models.ForeignKey(
        TrainingSet, models.PROTECT, related_name="jobs", verbose_name=_("training set")
    )
    steps = number(_("steps"), STEPS, _("Each looks at one batch of pictures."))
    rank = number(_("rank"), RANK, _("How much the LoRA can hold; its file grows with it."))
    rate = models.FloatField(
        _("learning rate"), default=RATE[1],
        validators=[MinValueValidator(RATE[0]), MaxValueValidator(RATE[2])],
        help_text=_("How far each step goes: 0.0001 is usual; too far, and it diverges."),
    )  # fmt: skip
    batch = number(_("batch size"), BATCH, _("Pictures a step."))
    resolution = models.PositiveIntegerField(
        _("resolution"), default=RESOLUTION[1],
        validators=[MinValueValidator(RESOLUTION[0]), MaxValueValidator(RESOLUTION[2])],
        help_text=_("Pixels: each picture is brought to as many as a square of this side has."),
    )  # fmt: skip
    seed = models.PositiveIntegerField(
        _("seed"), default=0, validators=[MaxValueValidator(LARGEST_SEED)],
        help_text=_("The same seed and pictures make the same LoRA."),
    )  # fmt: skip
    # [{"artifact": hex, "caption": whole caption}] of each picture.
    pictures = models.JSONField(default=list, editable=False)

    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING, editable=False
    )
    prepared = models.PositiveIntegerField(default=0, editable=False)
    step = models.PositiveIntegerField(_("step"), default=0, editable=False)
    loss = models.FloatField(_("loss"), null=True, editable=False)
    # [step, mean loss of the steps since the one before] at most generation.life.trainings.MOST_POINTS times.
    losses = models.JSONField(default=list, editable=False)
    # Where the last checkpoint lies in the store, and how many steps were done then.
    checkpoint = models.CharField(max_length=200, blank=True, default="", editable=False)
    checkpoint_step = models.PositiveIntegerField(default=0, editable=False)
    # On the workers, once it is trained.
    file = models.CharField(_("file"), max_length=500, blank=True, default="", editable=False)
    # [{"prompt": …, "seed": …, "worn": whether with the LoRA, "artifact": hex}] in the order in which they are drawn.
    samples = models.JSONField(default=list, editable=False)
    # What it is called at its model since staff offered it.
    offered_as = models.CharField(_("offered as"), max_length=100, blank=True, default="", editable=False)  # fmt: skip

    error_code = models.CharField(max_length=50, blank=True, default="", editable=False)
    error_detail = models.TextField(blank=True, default="", editable=False)
    # Of its workers, since the last checkpoint.
    deaths = models.PositiveSmallIntegerField(default=0, editable=False)
    lease_token = models.PositiveIntegerField(default=0, editable=False)
    lease_expires_at = models.DateTimeField(null=True, editable=False)
    worker = models.CharField(_("worker"), max_length=200, blank=True, default="", editable=False)
    asked_by = models.CharField(_("asked by"), max_length=150, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(_("begun at"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)
    # When it last moved, or a queue was last rung for it.
    moved_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("training")
        verbose_name_plural = _("trainings")
        ordering = ("-id",)
        default_permissions = ("view",)
        permissions = [
            ("train_loras", _("Can train LoRAs, stop trainings and offer what came of them"))
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state__in=("waiting", "running")), name="training_live")
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(
                condition=Q(resolution__range=(SIDE_MULTIPLE, LARGEST_SIDE_PIXELS)), name="training_resolution"
            ),
            models.CheckConstraint(condition=Q(step__lte=models.F("steps")), name="training_steps"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.set} …{self.id.hex[-8:]}"


LIVE = (TrainingJob.State.WAITING, TrainingJob.State.RUNNING)
