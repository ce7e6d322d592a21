"""What every adapter must do with files that are spoiled, cancels that fail, and callbacks that nobody meant."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from generation.providers.base import CancelOutcome, Finished, Provider, VendorFile
from generation.providers.errors import ProviderError, Sent
from tests.providers.vendors.server import Asked, Cut, Reply, Respond, Server, Silence

HTML = b"<html><body><h1>Gone</h1></body></html>"
FILES = ("image/", "video/")
SECRET = "secret-key"


class Spoiled:
    """Worn by the contract, so by each adapter, whatever its vendor's answers are: base64 within them, or addresses.

    Base64 and addresses each are read in one place for all adapters (`generation.providers.files`, `clips`, and behind
    the addresses `genhub.lib.fetch`, which have tests of their own); here it is shown that each adapter goes there.
    `callback` is what its vendor calls back with, empty where it calls nobody back.
    """

    callback: ClassVar[bytes] = b""

    if TYPE_CHECKING:
        respond: Callable[..., Reply]
        finish: Callable[..., Finished]
        work: Callable[..., Any]
        creates: Callable[[Server], int]
        encoded: Callable[[], tuple[str, ...]]

    def spoil(self, server: Server, text: Callable[[str], str], file: Reply) -> list[str]:
        """Let a vendor in good health hand out spoiled pictures; return, once asked, how often each form came."""
        healthy: Respond = self.respond
        came: list[str] = []

        def respond(asked: Asked) -> Reply:
            reply = healthy(asked)
            if reply.headers.get("content-type", "").startswith(FILES):
                came.append("file")
                return file
            body = reply.data()
            for good in self.encoded():
                if good.encode() in body:
                    came.append("text")
                    body = body.replace(good.encode(), text(good).encode())
            return replace(reply, body=body) if came else reply

        server.respond = respond
        return came

    def take(self, provider: Provider) -> tuple[str, bytes] | ProviderError:
        """Return the type and the bytes of an order's first file, or why there are none."""
        try:
            content = self.finish(provider, self.work()).made[0].content
            assert isinstance(content, VendorFile)
            with content.open() as file:
                return content.media_type, file.read()
        except ProviderError as error:
            return error

    @pytest.mark.parametrize(
        ("text", "file"),
        [
            (lambda good: good[:-7], None),
            (lambda good: "%%%" + good[3:], Reply(200, b"", {"content-type": "image/png"})),
            (lambda good: "", Reply(403, b"<Error>Expired</Error>", {"content-type": "text/xml"})),
            (lambda good: "", Reply(410, {})),
        ],
        ids=["truncated", "wrong", "expired", "gone"],
    )
    def test_spoiled_file_is_paid_and_not_ordered_again(
        self, server: Server, provider: Provider, text: Callable[[str], str], file: Reply | None
    ) -> None:
        file = file or Cut(200, HTML * 99, {"content-type": "image/png"})
        came = self.spoil(server, text, file)
        error = self.take(provider)
        assert came, "neither form of a file was seen"
        if not isinstance(error, ProviderError):
            # What came whole from the vendor's own address is the store's to judge.
            assert (file.status, isinstance(file, Cut), error[1]) == (200, False, file.data())
            return
        # Who is asked for the same file again, or for none, is not asked to make it anew.
        assert error.is_billed or not error.retryable
        assert error.sent is not Sent.NO or not error.retryable
        assert self.creates(server) == 1

    def test_page_that_calls_itself_a_picture_is_none(
        self, server: Server, provider: Provider
    ) -> None:
        page = base64.b64encode(HTML).decode()
        came = self.spoil(server, lambda _: page, Reply(200, HTML, {"content-type": "image/png"}))
        found = self.take(provider)
        assert came
        assert self.creates(server) == 1
        if not isinstance(found, ProviderError):
            # The store looks for itself, and takes no such file.
            assert found[1] == HTML
            assert found[0] != "image/png"

    def test_prefix_of_a_data_uri_is_no_part_of_the_file(
        self, server: Server, provider: Provider
    ) -> None:
        healthy = self.take(provider)
        assert not isinstance(healthy, ProviderError), healthy
        own = Reply(200, healthy[1], {"content-type": "image/png"})
        came = self.spoil(server, lambda good: f"data:image/png;base64,{good}", own)
        assert self.take(provider) == healthy
        assert came

    def test_address_that_leads_elsewhere_takes_no_key_there(
        self, server: Server, provider: Provider
    ) -> None:
        def serve(asked: Asked) -> Reply:
            return Reply(200, base64.b64decode(self.encoded()[0]), {"content-type": "image/png"})

        with Server(serve).running() as elsewhere:
            self.spoil(server, str, Reply(302, b"", {"location": f"{elsewhere.url}/picture.png"}))
            self.take(provider)
            for asked in elsewhere.asked:
                assert not [value for value in asked.headers.values() if SECRET in value]
                assert SECRET not in asked.path
        assert self.creates(server) == 1

    def test_callback_is_the_same_hint_however_often_and_asks_nothing(
        self, server: Server, provider: Provider
    ) -> None:
        assert bool(self.callback) == provider.capabilities.calls_back
        if self.callback:
            first, second = (provider.parse_callback({}, self.callback) for _ in range(2))
            assert first == second
        assert server.asked == []

    @pytest.mark.parametrize(
        "body",
        [b"", b"{}", b"[]", b"null", b"7", b"[" * 100_000, b'{"', b"\xff", HTML,
         b'{"id": "../../account", "request_id": "a/b?c", "taskId": 7}', b'{"id": null, "request_id": ""}'],
        ids=["empty", "nothing", "list", "null", "number", "deep", "broken", "not-utf8", "html", "path", "no-id"],
    )  # fmt: skip
    def test_forged_callback_is_no_hint(
        self, server: Server, provider: Provider, body: bytes
    ) -> None:
        with pytest.raises(ValueError, match=r"."):
            provider.parse_callback({}, body)
        assert server.asked == []


class CancelsPolled:
    """Worn by the contract of adapters that are asked for their orders."""

    if TYPE_CHECKING:
        ordered: Callable[..., str]
        creates: Callable[[Server], int]

    def test_cancel_makes_nothing_and_says_what_it_costs(
        self, server: Server, provider: Provider
    ) -> None:
        remote_id = self.ordered(provider)
        before = len(server.asked)
        outcomes = {provider.cancel(remote_id) for _ in range(2)}
        assert outcomes <= set(CancelOutcome)
        if not provider.capabilities.cancels:
            assert (outcomes, len(server.asked)) == ({CancelOutcome.BILLED}, before)

    @pytest.mark.parametrize("fault", [Silence(), Reply(503, {}), Reply(429, {})], ids=str)
    def test_cancel_that_nobody_heard_is_said_again(
        self, server: Server, provider: Provider, fault: Reply
    ) -> None:
        remote_id = self.ordered(provider)
        if not provider.capabilities.cancels:
            assert provider.cancel(remote_id) is CancelOutcome.BILLED
            return
        server.faults = [fault]
        with pytest.raises(ProviderError):
            provider.cancel(remote_id)
        assert provider.cancel(remote_id) in set(CancelOutcome)
