"""Every refusal has a code of its own: apps decide by it."""

from collections import Counter
from collections.abc import Iterator

from genhub.lib.errors import Problem


def kinds(kind: type[Problem]) -> Iterator[type[Problem]]:
    """Yield every kind of problem that names a code itself, but for those of tests."""
    for subclass in kind.__subclasses__():
        if "code" in vars(subclass) and not subclass.__module__.startswith("tests."):
            yield subclass
        yield from kinds(subclass)


def test_no_two_refusals_share_a_code() -> None:
    codes = Counter(kind.code for kind in set(kinds(Problem)))
    assert len(codes) > 30
    assert [code for code, count in codes.items() if count > 1] == []
