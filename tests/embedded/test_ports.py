"""Ports are found taken before anything starts."""

import socket
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from genhub.embedded.errors import HubError
from genhub.embedded.ports import check_port, is_loopback, read_json, visited_host
from tests.serving import serving


def test_a_taken_port_is_named_with_the_variable_that_moves_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HubError, match=rf"port {port} for the web server .*GENHUB_PORT"):
            check_port("127.0.0.1", port, purpose="the web server")


def test_a_free_port_passes_and_stays_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    check_port("127.0.0.1", port, purpose="the web server")
    check_port("127.0.0.1", port, purpose="the web server")


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("192.0.2.1", 8000)])
def test_an_impossible_address_is_named(host: str, port: int) -> None:
    with pytest.raises(HubError, match="GENHUB_PORT"):
        check_port(host, port, purpose="the web server")


def test_a_server_that_listens_everywhere_is_visited_at_home() -> None:
    assert visited_host("0.0.0.0") == "127.0.0.1"  # noqa: S104
    assert visited_host("192.0.2.1") == "192.0.2.1"


@pytest.mark.parametrize(("body", "is_json"), [(b'{"status": "unhealthy"}', True), (b"<p>", False)])
def test_health_is_any_answer_in_json(body: bytes, *, is_json: bool) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as server:
        assert (read_json("127.0.0.1", server.server_port, "/") is not None) is is_json
    assert read_json("127.0.0.1", server.server_port, "/") is None


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("10.0.0.5", False),
        ("192.0.2.1", False),
    ],
)
def test_only_loopback_keeps_others_out(host: str, is_ours: bool) -> None:
    assert is_loopback(host) is is_ours
