"""Receivers of webhooks, as the doctor finds them: reached for real, and told nothing."""

import socket
import threading
from collections.abc import Iterator

import pytest
from django.utils import timezone
from pytest_django import Settings

from genhub.doctor.findings import Finding, Verdict
from genhub.doctor.receivers import look_at_receivers
from genhub.platforms.models import Platform
from genhub.webhooks.models import Endpoint
from tests.patience import patience
from tests.ports import free_port

pytestmark = pytest.mark.django_db
HOST = "127.0.0.1"


class Door:
    """A port that takes connections, and notes what each says before it hangs up."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self.port: int = listening.getsockname()[1]
        self.heard: list[bytes] = []
        self._thread = threading.Thread(target=self.answer)
        self._thread.start()

    def join(self) -> None:
        """Wait until the visitor hung up."""
        self._thread.join(patience())

    def answer(self) -> None:
        """Listen to one visitor; one who wants TLS gets an answer that is none."""
        visitor, _ = self._listening.accept()
        with visitor:
            visitor.settimeout(patience(5))
            self.heard.append(said := visitor.recv(1000))
            if said:
                visitor.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.fixture
def door() -> Iterator[Door]:
    with socket.create_server((HOST, 0)) as listening:
        door = Door(listening)
        yield door
        door.join()


def find() -> Finding:
    [found] = look_at_receivers()
    assert bool(found.mend) == (found.verdict != Verdict.GOOD)
    return found


def endpoint(shop: Platform, url: str, **words: object) -> Endpoint:
    return Endpoint.objects.create(platform=shop, url=url, events=[], **words)


def test_without_endpoints_there_is_nothing_to_reach(shop: Platform) -> None:
    off = {"is_enabled": False, "disabled_why": Endpoint.Why.ASKED, "disabled_at": timezone.now()}
    endpoint(shop, f"http://{HOST}:{free_port()}/", **off)
    assert find().said == "no platform has named one"


def test_receiver_that_listens_is_reached_and_told_nothing(
    shop: Platform, door: Door, settings: Settings
) -> None:
    settings.WEBHOOK_HOSTS = [HOST]
    for path in ("a", "b"):
        endpoint(shop, f"http://{HOST}:{door.port}/{path}")
    assert find().said == "each can be reached (1)"
    door.join()
    assert door.heard == [b""]


def test_closed_port_and_what_is_not_public_are_told_by_host_alone(
    shop: Platform, settings: Settings
) -> None:
    settings.WEBHOOK_HOSTS = [HOST]
    closed = free_port()
    endpoint(shop, f"http://{HOST}:{closed}/hook/s3cret")
    endpoint(shop, "https://10.0.0.7/hook/s3cret")
    found = find()
    assert found.verdict == Verdict.WARNING
    assert found.said.startswith("2 of 2 cannot be reached from here: ")
    assert f"http://{HOST}:{closed}/ (unreachable" in found.said
    assert "https://10.0.0.7/ (private" in found.said
    assert "s3cret" not in found.said


def test_receiver_whose_tls_does_not_hold_is_a_warning(
    shop: Platform, door: Door, settings: Settings
) -> None:
    settings.WEBHOOK_HOSTS = [HOST]
    endpoint(shop, f"https://{HOST}:{door.port}/")
    found = find()
    assert found.verdict == Verdict.WARNING
    assert "unreachable" in found.said
    door.join()
    assert door.heard != [b""]
