"""Reads that are made once while somebody says so."""

import pytest

from genhub.lib.once import once, reading_once


def test_read_is_made_once_for_the_same_arguments_inside_and_plainly_outside() -> None:
    asked: list[tuple[int, bool]] = []

    @once
    def read(number: int, *, twice: bool = False) -> int:
        asked.append((number, twice))
        return number * (1 + twice)

    with reading_once():
        assert [read(1), read(1), read(1, twice=True), read(2)] == [1, 1, 2, 2]
        assert asked == [(1, False), (1, True), (2, False)]
    assert [read(1), read(1)] == [1, 1]
    assert len(asked) == 5
    with reading_once():
        read(1)
    assert len(asked) == 6, "what an earlier body read was remembered"


def test_what_a_read_raises_is_not_remembered() -> None:
    fails = iter([True, False])

    @once
    def read() -> str:
        if next(fails):
            raise LookupError("away")
        return "read"

    with reading_once():
        with pytest.raises(LookupError, match="away"):
            read()
        assert read() == "read"
