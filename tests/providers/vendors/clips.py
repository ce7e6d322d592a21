"""What every adapter of clips must do: as of pictures that are polled for, and what only clips have."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import Provider, VendorFile, Waiting, Work
from generation.providers.errors import ProviderError, Sent
from generation.providers.stub_clips import make_clip
from generation.spec import GenerationSpec
from tests.providers.vendors.polled import PolledContract
from tests.providers.vendors.server import Reply, Server

WIDE: dict[str, Any] = {"width": 1280, "height": 720, "resolution": "720p", "seconds": 5, "fps": 24}


@cache
def clip() -> bytes:
    """Return a clip of one second."""
    return make_clip(Image.new("RGB", (64, 64), "teal"), 1, 12, sounds=False).getvalue()


def file_reply(data: bytes | None = None) -> Reply:
    """Return a clip as a host gives it."""
    return Reply(200, clip() if data is None else data, {"content-type": "video/mp4"})


def read(content: Any) -> bytes:
    """Return the bytes of what was made."""
    assert isinstance(content, VendorFile)
    with content.open() as file:
        data = b""
        while part := file.read(1000):
            assert len(part) <= 1000
            data += part
    return data


class ClipContract(PolledContract):
    """Worn by the test class of an adapter of clips."""

    def work(self, number: int = 1, **words: Any) -> Work:
        spec = replace(GenerationSpec("video", "any", "a star", "", **WIDE), **words)
        return Work(spec, self.card, lambda done, preview=None: None, reference="att_1")

    def test_order_is_made_by_one_create(self, server: Server, provider: Provider) -> None:
        finished = self.finish(provider, self.work())
        assert ([made.position for made in finished.made], finished.not_made) == ([0], [])
        assert read(finished.made[0].content) == clip()
        assert self.creates(server) == 1

    def test_two_pictures_are_two(self, server: Server, provider: Provider) -> None:
        """No picture is ordered here at all."""
        error = self.fail(provider, self.work(media_type="image"))
        assert (error.code, error.sent) == ("provider_unsupported", Sent.NO)
        assert server.asked == []

    def test_what_is_finished_stays_so_and_another_process_may_ask(
        self, server: Server, provider: Provider
    ) -> None:
        remote_id = self.ordered(provider)
        again = self.make(server.url)
        for one in (provider, again, again):
            assert read(self.finish_of(one, remote_id).made[0].content) == clip()

    def test_file_is_fetched_without_the_key_or_at_the_vendor_s_own(
        self, server: Server, provider: Provider
    ) -> None:
        finished = self.finish(provider, self.work())
        asked = len(server.asked)
        read(finished.made[0].content)
        [fetched] = server.asked[asked:]
        is_own = "/content" in fetched.path
        assert is_own == any("secret-key" in value for value in fetched.headers.values())

    @pytest.mark.parametrize("status", [403, 404, 503])
    def test_clip_that_cannot_be_had_now_is_asked_for_again(
        self, server: Server, provider: Provider, status: int
    ) -> None:
        finished = self.finish(provider, self.work())
        server.faults = [Reply(status, b"expired")]
        with pytest.raises(ProviderError) as caught:
            read(finished.made[0].content)
        assert (caught.value.retryable, caught.value.sent) == (True, Sent.YES)

    def test_success_that_goes_back_to_running_is_waited_for(
        self, server: Server, provider: Provider
    ) -> None:
        remote_id = self.ordered(provider)
        assert self.finish_of(provider, remote_id).made
        server.faults = [self.unknown]
        assert isinstance(provider.poll(remote_id), Waiting)
        assert self.finish_of(provider, remote_id).made

    def test_pictures_come_along(self, server: Server, provider: Provider) -> None:
        picture = Image.new("RGB", (64, 36), "red")
        takes = type(provider).capabilities.takes
        assert "image" in takes
        provider.submit(replace(self.work(image="art_1"), image=picture))
        assert self.creates(server) == 1
        body = server.asked[-1].body
        assert b"data:image/" in body or b"\x89PNG" in body
