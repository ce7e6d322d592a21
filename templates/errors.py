"""What the recipes refuse."""

from genhub.lib.errors import Problem, gettext_noop


class VersionNotPublishable(Problem):
    """A draft has mistakes that would make every order of it fail."""

    code = "version_not_publishable"
    status = 409
    title = gettext_noop("This version cannot be published")
    detail = gettext_noop("Mend what is listed and publish again.")
