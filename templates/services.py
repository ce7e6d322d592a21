"""Every change to recipes: draft, publish, seed."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from genhub.lib.errors import FieldError
from templates.errors import VersionNotPublishable
from templates.examples import EXAMPLES
from templates.mistakes import FITTING, find_recipe_mistakes
from templates.models import Style, Template, TemplateVersion
from templates.selectors import as_recipe
from templates.styles import STYLES

# The request words that a template or a style may fix.
SETTABLE_WORDS = frozenset(FITTING)
COPIED = ("name", "category", "media_type", "prompt", "negative_prompt", "price")


def create_template(code: str, **words: Any) -> TemplateVersion:
    """Create a template with its first draft."""
    with transaction.atomic():
        template = Template.objects.create(code=code)
        return TemplateVersion.objects.create(template=template, number=1, **words)


def draft_next(template: Template) -> TemplateVersion:
    """Return the template's draft, made from its newest version when there is none."""
    with transaction.atomic():
        Template.objects.select_for_update().get(pk=template.pk)
        newest = template.versions.order_by("-number").first()
        if newest is None:
            return TemplateVersion.objects.create(template=template, number=1, name=template.code)
        if newest.published_at is None:
            return newest
        copied = {
            name: getattr(newest, name) for name in (*COPIED, "parameters", "required", "settings")
        }
        return TemplateVersion.objects.create(template=template, number=newest.number + 1, **copied)


def publish(version: TemplateVersion, *, actor: str) -> None:
    """Make a version the one that new orders run; raise VersionNotPublishable naming each mistake.

    A published version that is published again becomes current again: that is how staff go back.
    """
    if mistakes := find_mistakes(version):
        raise VersionNotPublishable(errors=mistakes)
    with transaction.atomic():
        Template.objects.select_for_update().get(pk=version.template_id)
        TemplateVersion.objects.filter(pk=version.pk, published_at=None).update(
            published_at=Now(), published_by=actor
        )
        Template.objects.filter(pk=version.template_id).update(published=version)


def find_mistakes(version: TemplateVersion) -> list[FieldError]:
    """Return what would make orders of this version fail."""
    return find_recipe_mistakes(as_recipe(version))


def seed_styles() -> int:
    """Create the first styles where they are missing, leave staff's changes alone; return how many were made."""
    made = [
        Style.objects.get_or_create(code=code, defaults={**words, "position": position})[1]
        for position, (code, words) in enumerate(STYLES.items())
    ]
    return sum(made)


def seed_examples() -> None:
    """Create the example templates where they are missing."""
    for code, words in EXAMPLES.items():
        if not Template.objects.filter(code=code).exists():
            publish(create_template(code, **words), actor="system")
