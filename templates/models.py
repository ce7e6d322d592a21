"""Templates with versions (immutable once published), and styles."""

from django.core.validators import MinValueValidator, validate_slug
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from genhub.lib.ids import new_id
from genhub.platforms.models import Moderation, validate_codes

# A template never asks for less than its platform.
JUDGED = [("", _("as the platform says")), *Moderation.choices[1:]]


class MediaType(models.TextChoices):
    """What a template makes."""

    IMAGE = "image", _("image")
    VIDEO = "video", _("video")


class Template(models.Model):
    """A recipe that apps order by its code; `published` is the version that new orders run."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(_("code"), max_length=100, unique=True, validators=[validate_slug])
    published = models.ForeignKey(
        "TemplateVersion",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("published version"),
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Orders of an inactive template are refused.")
    )
    local_only = models.BooleanField(
        _("stays in the house"), default=False, db_default=False,
        help_text=_("Prompts and pictures never leave the house: only models of your own servers take its orders."),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ("code",)
        permissions = [("publish_template", _("Can publish template versions"))]

    def __str__(self) -> str:
        return self.code


class TemplateVersion(models.Model):
    """One state of a template: editable while a draft, immutable (by a database trigger) once published."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.ForeignKey(
        Template, models.PROTECT, related_name="versions", verbose_name=_("template")
    )
    number = models.PositiveIntegerField(_("version"), editable=False)
    name = models.CharField(_("name"), max_length=200)
    category = models.CharField(_("category"), max_length=100, blank=True)
    media_type = models.CharField(
        _("media type"), max_length=10, choices=MediaType.choices, default=MediaType.IMAGE
    )
    prompt = models.TextField(
        _("prompt"), help_text=_("Parameters stand in braces: a {subject} on a white background.")
    )
    negative_prompt = models.TextField(
        _("negative prompt"), blank=True, help_text=_("Empty: the model's own.")
    )
    parameters = models.JSONField(
        _("parameters"),
        default=dict,
        blank=True,
        help_text=_(
            "JSON Schema properties, by name: {“subject”: {“type”: “string”, “maxLength”: 200}}."
        ),
    )
    required = models.JSONField(
        _("required parameters"), default=list, blank=True, help_text=_("Their names.")
    )
    settings = models.JSONField(
        _("settings"),
        default=dict,
        blank=True,
        help_text=_("Request words that this template fixes: model, width, height, steps, …"),
    )
    operations = models.JSONField(
        _("edits of each picture"), default=list, blank=True, db_default=models.Value([], models.JSONField()),
        help_text=_("Done with each picture once it is made, before it is labelled and stored."),
    )  # fmt: skip
    chain = models.JSONField(
        _("further steps"), default=list, db_default=[], blank=True,
        help_text=_("Each makes one more picture or clip, of what steps before it made."),
    )  # fmt: skip
    caches = models.BooleanField(
        _("uses the cache"), default=False, db_default=False,
        help_text=_("Orders that name no seed, too, get a picture that was drawn for the same parameters before."),
    )  # fmt: skip
    price = models.PositiveIntegerField(
        _("price"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("Credits for one picture. Empty: the house's price."),
    )
    moderation = models.CharField(
        _("moderation"), max_length=10, choices=JUDGED, blank=True, default="", db_default="",
        help_text=_("How strictly its orders are judged. Where the platform's own policy is stricter, that one counts."),
    )  # fmt: skip
    platforms = models.JSONField(
        _("who may order it"), default=list, db_default=[], blank=True, validators=[validate_codes],
        help_text=_("Others neither see it nor can order it: to them it does not exist. None: every platform may."),
    )  # fmt: skip
    note = models.CharField(
        _("what changed"), max_length=300, blank=True, default="", db_default="",
        help_text=_("For staff: it stands in the list of versions and is published with the version."),
    )  # fmt: skip
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)
    published_by = models.CharField(_("published by"), max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("template version")
        verbose_name_plural = _("template versions")
        ordering = ("template", "-number")
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="template_version_number"),
            models.UniqueConstraint(
                fields=["template"],
                condition=Q(published_at=None),
                name="template_one_draft",
                violation_error_message=_("This template has a draft already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template.code} v{self.number}"


class VersionPicture(models.Model):
    """What shows people what a version makes: a small JPEG that staff chose."""

    version = models.OneToOneField(
        TemplateVersion, models.CASCADE, primary_key=True, related_name="picture", editable=False
    )
    jpeg = models.BinaryField()

    class Meta:
        verbose_name = _("example picture of a template")
        verbose_name_plural = _("example pictures of templates")

    def __str__(self) -> str:
        return str(self.version)


class Style(models.Model):
    """A look that requests and templates can wear: words added to the prompt, and request words it sets."""

    code = models.CharField(_("code"), max_length=50, unique=True, validators=[validate_slug])
    name_en = models.CharField(_("name (English)"), max_length=100)
    name_zh = models.CharField(_("name (Chinese)"), max_length=100)
    suffix_en = models.TextField(
        _("prompt addition (English)"), blank=True, help_text=_("Added after an English prompt.")
    )
    suffix_zh = models.TextField(
        _("prompt addition (Chinese)"), blank=True, help_text=_("Added after a Chinese prompt.")
    )
    negative_prompt = models.TextField(_("negative prompt addition"), blank=True)
    settings = models.JSONField(
        _("settings"), default=dict, blank=True, help_text=_("Request words that this style sets.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)
    # The ids of the tasks that show it, of the standard prompts in their order, and the mark of what it said then;
    # empty: nobody had them drawn.
    sheet = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), editable=False)  # fmt: skip
    # Artifact ids of pictures of what it looks like, in their order: those who take orders store and show them.
    references = models.JSONField(default=list, db_default=models.Value([], models.JSONField()), editable=False)  # fmt: skip

    class Meta:
        verbose_name = _("style")
        verbose_name_plural = _("styles")
        ordering = ("position", "code")

    def __str__(self) -> str:
        return in_language(self.name_en, self.name_zh)


class Purpose(models.TextChoices):
    """What a phrase is good for."""

    PRODUCT = "product", _("product pictures")
    ILLUSTRATION = "illustration", _("illustrations")
    PHOTO = "photo", _("photographs")
    UI = "ui", _("user interfaces")
    NEGATIVE = "negative", _("negative prompts")


class Phrase(models.Model):
    """Words that help a prompt, offered to those who write one; an order that has them says so in its prompt."""

    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    text_en = models.CharField(_("phrase (English)"), max_length=200)
    text_zh = models.CharField(_("phrase (Chinese)"), max_length=200)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("phrase")
        verbose_name_plural = _("phrases")
        ordering = ("purpose", "position", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "text_en"], name="one_phrase_once",
                violation_error_message=_("This purpose has this phrase already."),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return in_language(self.text_en, self.text_zh)


def in_language(english: str, chinese: str) -> str:
    """Return the text of the reader's language."""
    return chinese if (get_language() or "").startswith("zh") else english
