"""What every adapter must do besides whose vendor takes an order, and is asked how it is doing."""

from dataclasses import replace
from typing import ClassVar

import pytest

from generation.providers.base import Finished, Provider, Submitted, Waiting
from generation.providers.errors import ProviderError, Sent
from tests.providers.vendors.contract import HTML, PAGE, ProviderContract
from tests.providers.vendors.server import Cut, Hang, Reply, Server, Silence


class PolledContract(ProviderContract):
    """Worn by the test class of each such adapter, which says besides what its vendor answers to who asks."""

    is_synchronous = False
    # The states of an order: one that nobody has heard of yet, one without a record, refused, failed.
    unheard_of: ClassVar[Reply]
    gone: ClassVar[Reply] = Reply(404, {})
    refused_later: ClassVar[Reply]
    failed_later: ClassVar[Reply]
    # An order, and what the vendor calls back with about it, where it does.
    called_back_id: ClassVar[str] = ""
    callback: ClassVar[bytes] = b""

    def order(self, provider: Provider, number: int = 1) -> str:
        """Return the id of an order that the vendor has taken."""
        told = provider.submit(self.work(number))
        assert isinstance(told, Submitted)
        assert 0 < len(told.remote_id) <= 1000
        return told.remote_id

    def fail_poll(self, server: Server, provider: Provider, fault: Reply) -> ProviderError:
        """Return how it fails to ask for an order, once."""
        remote_id = self.order(provider)
        server.faults = [fault]
        with pytest.raises(ProviderError) as caught:
            provider.poll(remote_id)
        return caught.value

    @pytest.mark.parametrize(
        "fault",
        [
            Reply(500, HTML, PAGE),
            Reply(502, HTML, PAGE),
            Reply(503, {}),
            Reply(429, {}, {"retry-after": "9"}),
            Reply(401, {}),
            Reply(200, HTML, PAGE),
            Reply(200, b"null"),
            Silence(),
            Cut(body={"some": "words" * 50}),
        ],
        ids=str,
    )
    def test_order_that_cannot_be_asked_for_is_asked_for_again(
        self, server: Server, provider: Provider, fault: Reply
    ) -> None:
        remote_id = self.order(provider)
        server.faults = [fault]
        with pytest.raises(ProviderError) as caught:
            provider.poll(remote_id)
        assert caught.value.retryable
        if fault.status == 429:
            assert caught.value.retry_after_seconds == 9
        assert self.ends(provider, remote_id)
        assert self.creates(server) == 1

    def test_poll_that_never_ends_is_given_up(self, server: Server) -> None:
        provider = self.make(server.url, answer_seconds=0.3)
        assert self.fail_poll(server, provider, Hang()).retryable

    def test_order_without_a_record_is_not_ordered_again(
        self, server: Server, provider: Provider
    ) -> None:
        error = self.fail_poll(server, provider, self.gone)
        assert error.sent is Sent.MAYBE
        assert not error.is_billed

    def test_word_that_nobody_knows_is_waited_for(self, server: Server, provider: Provider) -> None:
        remote_id = self.order(provider)
        server.faults = [self.unheard_of]
        assert isinstance(provider.poll(remote_id), Waiting)

    def test_refusal_at_the_end_is_final(self, server: Server, provider: Provider) -> None:
        error = self.fail_poll(server, provider, self.refused_later)
        assert (error.code, error.retryable, error.sent) == ("content_refused", False, Sent.YES)

    def test_failure_at_the_end_is_final(self, server: Server, provider: Provider) -> None:
        error = self.fail_poll(server, provider, self.failed_later)
        assert (error.retryable, error.sent) == (False, Sent.YES)
        assert error.code in {"generation_failed", "provider_refused"}

    def test_end_is_the_same_however_often_it_is_asked_for(
        self, server: Server, provider: Provider
    ) -> None:
        remote_id = self.order(provider, 2)
        ordered = self.creates(server)
        ends = [self.ends(provider, remote_id) for _ in range(3)]
        assert [len(finished.made) for finished in ends] == [2, 2, 2]
        assert self.creates(server) == ordered

    def test_another_process_may_ask(self, server: Server, provider: Provider) -> None:
        remote_id = self.order(provider)
        assert self.ends(self.make(server.url), remote_id)

    def ends(self, provider: Provider, remote_id: str) -> Finished:
        """Return the end of an order, asking as long as the vendor works."""
        for _ in range(20):
            if isinstance(outcome := provider.poll(remote_id), Finished):
                return outcome
        raise AssertionError("not finished after 20 polls")

    def test_receipt_without_an_id_leaves_open_what_the_vendor_has(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [replace(Reply(200), body={"other": "words"})]
        error = self.fail(provider)
        assert error.sent is Sent.MAYBE
        assert self.creates(server) == 1

    def test_callback_is_a_hint_and_no_more(self, server: Server, provider: Provider) -> None:
        if not provider.capabilities.calls_back:
            with pytest.raises(ValueError, match="is called by nobody"):
                provider.parse_callback({}, b"{}")
            return
        assert provider.parse_callback({}, self.callback).remote_id == self.called_back_id
        for forged in (b"", b"[]", b"null", b"[" * 100_000, b'{"', b"\xff", b'{"id": {"a": 1}}', HTML):  # fmt: skip
            with pytest.raises(ValueError):  # noqa: PT011 (whatever it says)
                provider.parse_callback({}, forged)
        assert server.asked == []
