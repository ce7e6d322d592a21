"""The stub: a whole vendor in one process, told by words of the prompt what to do."""

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import (
    AccountSettings,
    CancelOutcome,
    Finished,
    Hint,
    Pixels,
    Submitted,
    VendorFile,
    Waiting,
    Work,
)
from generation.providers.errors import ProviderError, Sent
from generation.providers.stub import Job, StubProvider
from generation.spec import GenerationSpec, ModelCard

STUB = StubProvider(AccountSettings("stub"))
SPEC = GenerationSpec("image", "any", "a star", "", 64, 48, 1, 0.0, (5, 6), number=2)


def work(prompt: str = "a star", **words: Any) -> Work:
    return Work(
        replace(SPEC, prompt=prompt, **words), ModelCard("any"), lambda done, preview=None: None
    )


def finish(prompt: str, **words: Any) -> Finished:
    found = STUB.submit(work(prompt, **words))
    assert isinstance(found, Finished)
    return found


def take(prompt: str) -> str:
    found = STUB.submit(work(prompt))
    assert isinstance(found, Submitted)
    return found.remote_id


def test_pictures_come_at_once_in_the_colours_of_their_seeds() -> None:
    made = finish("a star").made
    assert [(one.position, one.seed) for one in made] == [(0, 5), (1, 6)]
    assert isinstance(made[1].content, Pixels)
    image = made[1].content.decode()
    assert (image.size, image.getpixel((0, 0))) == ((64, 48), (6, 0, 0))


def test_order_is_all_in_its_id_whoever_asks() -> None:
    told = STUB.submit(work("stub:wait=0 stub:refuse=1"))
    assert isinstance(told, Submitted)
    assert len(told.remote_id) <= 200
    assert told.poll_after_seconds == 0
    found = StubProvider(AccountSettings("stub")).poll(told.remote_id)
    assert isinstance(found, Finished)
    assert [one.seed for one in found.made] == [6]
    assert [(one.position, one.code) for one in found.not_made] == [(0, "generation_failed")]


@pytest.mark.parametrize("number", [1, 9])
def test_longest_order_fits_the_column(number: int) -> None:
    seeds = tuple(range(2**53 - number, 2**53))
    words = "stub:wait=1000000 stub:file=webp stub:revise stub:cancel=unknown stub:poll=busy stub:refuse=9"
    told = STUB.submit(work(words, seeds=seeds, number=number, width=2048, height=2048))
    assert isinstance(told, Submitted)
    assert len(told.remote_id) <= 200


def test_order_under_way_says_how_far_it_is() -> None:
    found = STUB.poll(take("stub:wait=1000000"))
    assert isinstance(found, Waiting)
    assert found.progress is not None
    assert 0 <= found.progress < 0.5
    assert found.poll_after_seconds == 1


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_files_are_what_they_say(kind: str) -> None:
    [one, _] = finish(f"stub:file={kind}").made
    assert isinstance(one.content, VendorFile)
    assert (one.seed, one.content.media_type) == (None, f"image/{kind}")
    for _ in range(2):
        with one.content.open() as file:
            image = Image.open(io.BytesIO(file.read()))
            assert (image.format, image.size) == (kind.upper(), (64, 48))


def test_file_of_no_known_format_cannot_be_opened() -> None:
    [one, _] = finish("stub:file=bmp9").made
    assert isinstance(one.content, VendorFile)
    with pytest.raises(ProviderError), one.content.open():
        pass


@pytest.mark.parametrize(
    ("words", "retryable", "sent"),
    [
        ("stub:fail", False, Sent.YES), ("stub:retry", True, Sent.YES), ("stub:lost", False, Sent.MAYBE),
        ("stub:refuse=2", False, Sent.YES), ("stub:wait=soon", False, Sent.YES),
    ],
)  # fmt: skip
def test_refusals_say_what_they_mean(words: str, retryable: bool, sent: Sent) -> None:
    with pytest.raises(ProviderError) as refused:
        STUB.submit(work(words))
    assert (refused.value.retryable, refused.value.sent) == (retryable, sent)


def test_adapter_can_be_broken() -> None:
    for act in (
        lambda: STUB.submit(work("stub:break")),
        lambda: STUB.poll(take("stub:wait=0 stub:break")),
    ):
        with pytest.raises(ZeroDivisionError):
            act()


@pytest.mark.parametrize(
    ("words", "outcome"),
    [("stub:wait=1000000", "free"), ("stub:wait=0", "billed"), ("stub:wait=0 stub:cancel=unknown", "unknown")],
)  # fmt: skip
def test_cancel_tells_what_it_costs(words: str, outcome: str) -> None:
    assert STUB.cancel(take(words)) == CancelOutcome(outcome)


@pytest.mark.parametrize(
    "remote_id", ["", "stub-", "stub-AAAA", "other", "stub-%%%", "stub-" + "A" * 190]
)
def test_orders_that_it_never_took_are_refused(remote_id: str) -> None:
    with pytest.raises(ProviderError) as refused:
        STUB.poll(remote_id)
    assert not refused.value.retryable


def test_callback_names_an_order_or_none() -> None:
    assert STUB.parse_callback({}, b'{"id": "stub-1"}') == Hint("stub-1")
    assert STUB.parse_callback({}, b"{}") == Hint()
    assert Job.from_id(take("stub:wait=0")).number == 2
