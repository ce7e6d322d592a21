"""The steps of a task whose template has several, on its page: what each makes, at which price, and where it stands."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from generation.admin.words import TASK_COLOURS
from generation.models import Task
from generation.selectors.chains import state_of_step
from genhub.admin.show import badge, table

MADE = {"image": _("image"), "video": _("video")}


def chain_table(task: Task) -> SafeString | None:
    """Return the steps of a task, None where it has none."""
    if not task.chain:
        return None
    outputs = {output.step: output for output in task.outputs.all()}
    states = dict(Task._meta.get_field("state").flatchoices)  # noqa: SLF001 (its words are nowhere else)
    rows = []
    for number, step in enumerate(task.chain, 1):
        spec, state = step["spec"], state_of_step(task, number, outputs.get(number))
        rows.append(
            [
                number,
                badge(states[state], TASK_COLOURS[state]),
                MADE[spec["media_type"]],
                spec["model"],
                spec["prompt"],
                step["price"],
            ]
        )
    return table([_("no."), _("state"), _("media type"), _("model"), _("prompt"), _("price")], rows)
