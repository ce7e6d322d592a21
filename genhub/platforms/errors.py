"""What is refused of keys, whatever they ask for."""

from genhub.lib.errors import Problem, gettext_noop


class PlatformKeyNeeded(Problem):
    """A key of one user asked for what concerns all users of its platform."""

    code = "platform_key_needed"
    status = 403
    title = gettext_noop("A platform's key is needed")
    detail = gettext_noop(
        "This key speaks for one user only, and this concerns all users. Use a key of the platform."
    )
