"""The local classifier of pictures, which the operator brings along."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from genhub.settings.parts import first

__all__ = ["MODERATION_LABELS", "MODERATION_MODEL"]

USUAL_SCORE = 0.5


def labels(text: str) -> dict[str, float]:
    """Return from which score on each label counts, of `label` or `label=score`, parted by commas."""
    found = {}
    for part in filter(None, map(str.strip, text.split(","))):
        label, _, score = part.rpartition("=") if "=" in part else (part, "", str(USUAL_SCORE))
        try:
            found[label.strip()] = float(score)
        except ValueError as error:
            raise ImproperlyConfigured(f"MODERATION_LABELS: {score!r} is no score") from error
        if not (label.strip() and 0 < found[label.strip()] <= 1):
            raise ImproperlyConfigured(
                f"MODERATION_LABELS: {part!r} is no label with a score from 0 to 1"
            )
    return found


def folder(text: str) -> str:
    """Return where a model lies; raise for what is no whole path, since processes start in different folders."""
    if text and not Path(text).is_absolute():
        raise ImproperlyConfigured(f"MODERATION_MODEL must be a whole path, not {text!r}")
    return text


# A folder with config.json, preprocessor_config.json and *.safetensors of an image classifier; empty: there is none.
MODERATION_MODEL = folder(first("MODERATION_MODEL"))
# Of its labels, those that are not to be seen.
MODERATION_LABELS = labels(first("MODERATION_LABELS"))
if MODERATION_MODEL and not MODERATION_LABELS:
    raise ImproperlyConfigured(
        "MODERATION_MODEL needs MODERATION_LABELS: which labels are not to be seen"
    )
