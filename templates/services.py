"""Every change to recipes: draft, publish, seed."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from genhub.lib.errors import FieldError, SeenChanged, gettext_noop
from genhub.lib.seen import changed_since, mark
from templates.errors import VersionNotPublishable
from templates.examples import EXAMPLES
from templates.mistakes import FITTING, find_recipe_mistakes
from templates.models import Style, Template, TemplateVersion
from templates.selectors import as_recipe
from templates.styles import STYLES
from templates.trials import try_recipe

# The request words that a template or a style may fix.
SETTABLE_WORDS = frozenset(FITTING)
COPIED = ("name", "category", "media_type", "prompt", "negative_prompt", "price")
JSON_WORDS = ("parameters", "required", "settings")
CHANGED = gettext_noop("Somebody changed this since you looked.")


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
        copied = {name: getattr(newest, name) for name in (*COPIED, *JSON_WORDS)}
        return TemplateVersion.objects.create(template=template, number=newest.number + 1, **copied)


def publish(version: TemplateVersion, *, actor: str, seen: str | None = None) -> None:
    """Make a version the one that new orders run, exactly as it was seen.

    `seen` is the mark of what a page showed (`mark_of`); without it, what the caller holds in `version` counts. Raises
    SeenChanged naming what is another by now, and VersionNotPublishable naming each mistake. A published version that
    is published again becomes current again: that is how staff go back.
    """
    with transaction.atomic():
        # Whoever writes a draft locks it too, so nothing changes between the look and the deed.
        template = Template.objects.select_for_update().get(pk=version.template_id)
        row = TemplateVersion.objects.select_for_update().get(pk=version.pk)
        row.template = template
        if seen is None:
            changed = changed_since(mark(words_of(version)), words_of(row))
        else:
            changed = changed_since(seen, shown_of(row))
        if changed:
            raise SeenChanged(errors=[FieldError(name, "changed", CHANGED) for name in changed])
        if mistakes := find_mistakes(row):
            raise VersionNotPublishable(errors=mistakes)
        put_in_force(row, actor)


def put_in_force(version: TemplateVersion, actor: str) -> None:
    """Write that a version is published, and the one that new orders run."""
    TemplateVersion.objects.filter(pk=version.pk, published_at=None).update(
        published_at=Now(), published_by=actor
    )
    Template.objects.filter(pk=version.template_id).update(published=version)


def words_of(version: TemplateVersion) -> dict[str, Any]:
    """Return everything of a version that an order may feel."""
    return {name: getattr(version, name) for name in (*COPIED, *JSON_WORDS)}


def shown_of(version: TemplateVersion) -> dict[str, Any]:
    """Return what a person decides by who is asked to publish: the version, and which one is ordered meanwhile."""
    return words_of(version) | {"published": version.template.published_id}


def mark_of(version: TemplateVersion) -> str:
    """Return the mark of what a page shows of a version before it is published."""
    return mark(shown_of(version))


def find_mistakes(version: TemplateVersion) -> list[FieldError]:
    """Return what would make orders of this version fail, at the fields of the version."""
    recipe = as_recipe(version)
    return find_recipe_mistakes(recipe) or try_recipe(recipe).mistakes


def seed_styles() -> int:
    """Create the first styles where they are missing, leave staff's changes alone; return how many were made."""
    made = [
        Style.objects.get_or_create(code=code, defaults={**words, "position": position})[1]
        for position, (code, words) in enumerate(STYLES.items())
    ]
    return sum(made)


def seed_examples() -> None:
    """Create the example templates where they are missing; no order is tried, since models may come later."""
    for code, words in EXAMPLES.items():
        if not Template.objects.filter(code=code).exists():
            put_in_force(create_template(code, **words), "system")
