"""Every change to recipes: draft, publish, seed."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from jsonschema import Draft202012Validator, SchemaError

from genhub.lib.errors import FieldError, gettext_noop
from templates.errors import VersionNotPublishable
from templates.examples import EXAMPLES
from templates.models import Style, Template, TemplateVersion
from templates.rendering import schema_of
from templates.selectors import as_recipe
from templates.styles import STYLES
from templates.variables import find_variables

# The request words that a template or a style may fix.
SETTABLE_WORDS = frozenset(
    {"model", "width", "height", "steps", "cfg_scale", "num_images", "quality", "style_preset"}
)
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
    mistakes = []
    if not isinstance(version.parameters, dict) or not isinstance(version.required, list):
        message = gettext_noop("Parameters are a JSON object, required parameters a list of names.")
        return [FieldError("parameters", "invalid", message)]
    try:
        Draft202012Validator.check_schema(schema_of(as_recipe(version)))
    except SchemaError as error:
        message = gettext_noop("This is not valid JSON Schema: %(reason)s")
        mistakes.append(
            FieldError("parameters", "invalid_schema", message, {"reason": error.message})
        )
    used = find_variables(version.prompt) | find_variables(version.negative_prompt)
    for name in sorted(used - set(version.parameters)):
        message = gettext_noop("The prompt uses {%(name)s}, which is no parameter.")
        mistakes.append(FieldError("prompt", "unknown_variable", message, {"name": name}))
    for name in sorted(set(version.required) - set(version.parameters)):
        message = gettext_noop("“%(name)s” is required, but no parameter.")
        mistakes.append(FieldError("required", "unknown_parameter", message, {"name": name}))
    for name in sorted(set(version.settings) - SETTABLE_WORDS):
        message = gettext_noop("“%(name)s” cannot be fixed by a template.")
        mistakes.append(FieldError("settings", "unknown_word", message, {"name": name}))
    return mistakes


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
