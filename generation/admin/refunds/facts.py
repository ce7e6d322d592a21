"""What people must know to ask for a refund, or to decide about one: the order, and what was asked for before."""

from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from generation.admin.refunds.decisions import refund_badge
from generation.admin.words import word_failure
from generation.models import RefundRequest, Task
from genhub.admin.customers import customer_link
from genhub.admin.show import code, moment

MOST_REQUESTS = 20


def facts_of_task(task: Task) -> dict[str, Any]:
    """Return the order that credits are given back for: whose, what was asked for, and what came of it."""
    spec = task.spec
    facts = {
        gettext("Task"): code(task),
        gettext("User"): customer_link(task),
        gettext("Prompt"): spec.get("prompt") or "–",
        gettext("Negative prompt"): spec.get("negative_prompt") or "–",
        gettext("Ordered"): f"{moment(task.created_at)} · {task.model}",
        gettext("State"): task.get_state_display(),
        gettext("Delivered"): gettext("%(count)s of %(all)s")
        % {
            "count": sum(o.artifact_id is not None for o in task.outputs.all()),
            "all": len(task.chain) or task.num_images,
        },
    }
    if task.error_code:
        facts[gettext("Failure")] = word_failure(task.error_code, task.error_params)
    return facts


def others_of(task: Task, row: RefundRequest | None = None) -> SafeString | str:
    """Return the other refunds that were asked for of a task, newest first: by whom, why, and what became of them."""
    found = RefundRequest.objects.filter(task=task).select_related("requested_by")
    others = found.exclude(pk=row.pk) if row else found
    lines = [
        (other.amount, refund_badge(other.state), other.reason, other.requested_by, moment(other.created_at))
        for other in others.order_by("-created_at", "-pk")[:MOST_REQUESTS]
    ]  # fmt: skip
    listed = format_html_join(mark_safe("<br>"), "{} {} {} · {} · {}", lines)
    return listed if lines else gettext("none")
