"""Words that orders may not ask for with, and those that only look like it."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

LONGEST_TERM = 200


class Category(models.TextChoices):
    """What a term, or a picture, is refused for."""

    SEXUAL = "sexual", _("sexual content")
    MINORS = "minors", _("protection of minors")
    VIOLENCE = "violence", _("violence")
    HATE = "hate", _("hate")
    SELF_HARM = "self_harm", _("self-harm")
    ILLEGAL = "illegal", _("crime and drugs")
    POLITICS = "politics", _("politics")
    OTHER = "other", _("other")


class Language(models.TextChoices):
    """In which language a term is, for those who look after the list; every text is held against all of them."""

    EN = "en", _("English")
    ZH = "zh", _("Chinese")
    OTHER = "other", _("other")


class Term(models.Model):
    """A text that is looked for in prompts, however it is disguised."""

    class Kind(models.TextChoices):
        """How a term is looked for."""

        WORD = "word", _("as whole words")
        PHRASE = "phrase", _("anywhere in the text")
        ALLOW = "allow", _("never refused, whatever stands in it")

    language = models.CharField(_("language"), max_length=10, choices=Language.choices, default=Language.EN)  # fmt: skip
    text = models.CharField(_("term"), max_length=LONGEST_TERM)
    kind = models.CharField(
        _("how it is found"), max_length=10, choices=Kind.choices, default=Kind.WORD,
        help_text=_("Chinese has no spaces: its terms are found anywhere. What is never refused is a text around a term, such as “naked eye”."),
    )  # fmt: skip
    category = models.CharField(
        _("category"), max_length=20, choices=Category.choices, default=Category.OTHER
    )
    is_active = models.BooleanField(_("active"), default=True, db_default=True)
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("term")
        verbose_name_plural = _("terms")
        ordering = ("language", "kind", "text")
        constraints = [
            models.UniqueConstraint(
                fields=["text", "kind"],
                name="one_term_once",
                violation_error_message=_("The list has this term already."),
            )
        ]

    def __str__(self) -> str:
        return self.text


class TermsChange(models.Model):
    """One row that a trigger writes anew with every change of terms: whoever remembers them looks at it alone, since to
    look at each of ten thousand terms would cost every order."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.number)
