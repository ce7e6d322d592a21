"""What every adapter must do whose vendor takes an order, works on it, and is asked for it."""

from dataclasses import replace
from typing import ClassVar

import pytest

from generation.providers import http
from generation.providers.base import Finished, Provider, Submitted, Waiting
from generation.providers.errors import Fault, ProviderError, Sent
from tests.providers.vendors.contract import HTML, PAGE, ProviderContract
from tests.providers.vendors.server import Cut, Reply, Server, Silence
from tests.providers.vendors.spoiled import CancelsPolled


class PolledContract(CancelsPolled, ProviderContract):
    """Worn by the test class of an adapter that polls.

    `refusal`, `unknown` and `failed` are the vendor's answers to a poll: it does not make such a picture, a state that
    nobody knows, and that it failed.
    """

    is_synchronous = False
    unknown: ClassVar[Reply]
    failed: ClassVar[Reply]

    def ordered(self, provider: Provider, number: int = 1) -> str:
        """Return the id of an order that the vendor has taken."""
        told = provider.submit(self.work(number))
        assert isinstance(told, Submitted)
        return told.remote_id

    def poll_badly(self, server: Server, provider: Provider, *faults: Reply) -> ProviderError:
        """Return how the poll of an order fails that the vendor has taken."""
        remote_id = self.ordered(provider)
        server.faults = list(faults)
        with pytest.raises(ProviderError) as caught:
            provider.poll(remote_id)
        return caught.value

    @pytest.mark.parametrize(
        "body",
        [HTML, b"", b"null", b"[]", b"{}", b'{"items": 7, "data": 7, "results": 7, "tasks": 7}'],
        ids=["html", "empty", "null", "list", "nothing", "numbers"],
    )
    def test_list_that_nobody_can_read_tells_of_no_order(
        self, server: Server, provider: Provider, body: bytes
    ) -> None:
        """Each is asked for alone then."""
        server.faults = [Reply(200, body)] * 5
        try:
            found = dict(provider.poll_many(["a", "b"]))
        except ProviderError:
            found = {}
        assert found == {}

    def test_refusal_is_the_order_s_own(self, server: Server, provider: Provider) -> None:
        error = self.poll_badly(server, provider, self.refusal)
        told = (error.code, error.retryable, error.sent, error.fault)
        assert told == ("content_refused", False, Sent.YES, Fault.ORDER)

    def test_failure_of_the_vendor_ends_the_order(self, server: Server, provider: Provider) -> None:
        error = self.poll_badly(server, provider, self.failed)
        assert (error.code, error.retryable, error.sent) == ("generation_failed", False, Sent.YES)

    @pytest.mark.parametrize(
        "body",
        [HTML, b"", b"[" * 100_000, b'{"data": [', b'"\xff"', b"null", b"[]", b"{}"],
        ids=["html", "empty", "deep", "broken", "not-utf8", "null", "list", "nothing"],
    )
    def test_answer_that_nobody_can_read_is_paid_and_not_ordered_again(
        self, server: Server, provider: Provider, body: bytes
    ) -> None:
        """Whoever is told no id cannot ask."""
        server.faults = [Reply(200, body)]
        error = self.fail(provider)
        assert (error.sent, error.is_billed) == (Sent.MAYBE, False)
        assert self.creates(server) == 1

    def test_endless_answer_is_not_read(
        self, server: Server, provider: Provider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "MOST_ANSWER_BYTES", 2**20)
        server.faults = [Reply(200, b"[" + b" " * (3 * 2**20))]
        error = self.fail(provider)
        assert error.sent is Sent.MAYBE

    @pytest.mark.parametrize(
        "fault",
        [
            Reply(500, HTML, PAGE),
            Reply(502, HTML, PAGE),
            Reply(503, {}),
            Reply(429, {}),
            Reply(401, {}),
            Reply(404, {}),
            Reply(200, HTML, PAGE),
            Reply(200, b""),
            Reply(200, b"null"),
            Reply(200, b"[" * 100_000),
            Silence(),
            Cut(body={"some": "words" * 50}),
        ],
        ids=str,
    )
    def test_order_that_cannot_be_asked_for_is_asked_for_again(
        self, server: Server, provider: Provider, fault: Reply
    ) -> None:
        remote_id = self.ordered(provider)
        server.faults = [fault]
        with pytest.raises(ProviderError) as caught:
            provider.poll(remote_id)
        assert (caught.value.retryable, caught.value.sent) == (True, Sent.MAYBE)
        assert self.finish_of(provider, remote_id).made
        assert self.creates(server) == 1

    def finish_of(self, provider: Provider, remote_id: str) -> Finished:
        """Return what becomes of an order that the vendor has."""
        outcome: Waiting | Finished = provider.poll(remote_id)
        for _ in range(20):
            if isinstance(outcome, Finished):
                return outcome
            outcome = provider.poll(remote_id)
        raise AssertionError(f"not finished: {outcome}")

    def test_busy_vendor_says_how_long_to_a_poll(self, server: Server, provider: Provider) -> None:
        busy = replace(self.busy, headers={"retry-after": "7"})
        assert self.poll_badly(server, provider, busy).retry_after_seconds == 7

    def test_unknown_state_is_waited_for(self, server: Server, provider: Provider) -> None:
        remote_id = self.ordered(provider)
        server.faults = [self.unknown] * 3
        for _ in range(3):
            assert isinstance(provider.poll(remote_id), Waiting)
        assert self.finish_of(provider, remote_id).made

    def test_what_is_finished_stays_so_and_another_process_may_ask(
        self, server: Server, provider: Provider
    ) -> None:
        remote_id = self.ordered(provider, 2)
        again = self.make(server.url)
        for one in (provider, again, again):
            made = self.finish_of(one, remote_id).made
            assert [picture.position for picture in made] == [0, 1]

    def test_id_of_many_pictures_fits(self, provider: Provider) -> None:
        assert len(self.ordered(provider, 9)) <= 1000
