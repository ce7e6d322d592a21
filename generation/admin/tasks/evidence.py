"""What is known of an order in doubt, in words: what was sent, what came, and what its vendor lists."""

from typing import Any

from django.template.loader import render_to_string
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from generation.life.searching import Suggestion
from generation.models import Attempt
from genhub.admin.show import code, moment


def facts_of_call(attempt: Attempt) -> dict[str, Any]:
    """Return what was asked of the vendor and what came back, as far as it is kept."""
    told = attempt.evidence
    if not told:
        dead = gettext("nothing: its worker died before it could write anything down")
        return {gettext("What was heard"): attempt.error_detail or dead}
    facts: dict[str, Any] = {
        gettext("What was sent"): code(f"{told.get('method', '')} {told.get('address', '')}")
    }
    if body := told.get("body"):
        facts[gettext("With these words")] = code(body)
    facts[gettext("How it broke")] = attempt.error_detail or "–"
    if "seconds" in told:
        facts[gettext("After")] = gettext("%(seconds)s seconds") % {"seconds": told["seconds"]}
    if "status" in told:
        answer = f"HTTP {told['status']} {told.get('answer', '')}"
        facts[gettext("What was answered")] = code(answer)
    return facts


def candidates(attempt: Attempt) -> SafeString:
    """Return what the vendor lists that may be the order, each with a button, and the one that asks."""
    found = [describe(Suggestion(**one)) for one in attempt.suggested]
    words = {"found": found, "was_asked": attempt.looks > 0}
    return render_to_string("admin/generation/candidates.html", words)


def describe(one: Suggestion) -> dict[str, Any]:
    """Return a candidate in words."""
    prompts = {
        True: gettext("the very same prompt"),
        False: gettext("another prompt"),
        None: gettext("prompt not told"),
    }
    return {
        "remote_id": one.remote_id,
        "state": one.state,
        "created": moment(parse_datetime(one.created_at)) if one.created_at else "–",
        "prompt": prompts[one.is_same_prompt],
        "is_taken": one.is_taken,
    }
