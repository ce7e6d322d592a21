"""What is said of a setting; where it is read says what it is without."""

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Setting:
    """A variable of the environment.

    Its default is the one that the settings read it with; one that no literal could say is put into words here.
    """

    name: str
    help: Promise
    unit: Promise | str = ""
    default: Promise | str = ""
    # Names that other tools use for it, in the order in which they count.
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Settings of one subject."""

    title: Promise
    settings: list[Setting]
