"""What the recipes refuse."""

from genhub.lib.errors import Problem, gettext_noop


class VersionNotPublishable(Problem):
    """A draft has mistakes that would make every order of it fail."""

    code = "version_not_publishable"
    status = 409
    title = gettext_noop("This version cannot be published")
    detail = gettext_noop("Mend what is listed and publish again.")


class TemplateNotOrderable(Problem):
    """A published template asks for what the hub does not offer any more: whoever orders it cannot mend that."""

    code = "template_not_orderable"
    status = 409
    title = gettext_noop("This template cannot be ordered now")
    detail = gettext_noop(
        "“%(template)s” asks for what the hub does not offer; its staff must mend the template. "
        "Nothing was created or charged."
    )
