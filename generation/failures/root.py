"""The root of the reasons for which a task fails."""

from genhub.lib.errors import Problem, gettext_noop


class TaskFailure(Problem):
    """Root of the reasons for which a task itself fails."""

    code = "generation_failed"
    status = 500
    title = gettext_noop("The generation failed")
    detail = gettext_noop("The provider could not make it. What was held was given back.")
