"""What one client may make the loop do: nothing runs after a refusal, and no bytes are kept or read without bound."""

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from genhub.front.connection import MOST_AHEAD, Connection
from genhub.front.head import LONGEST_HEAD_BYTES
from genhub.front.limits import Limits
from genhub.front.request import Incoming
from genhub.front.server import Server
from genhub.front.spool import MEMORY_BYTES, NoRoom, Room, Spool
from genhub.front.work import Job, Reply

CHUNKED = b"POST /api/v1/artifacts HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
LIMITS = Limits(
    threads=1,
    connections=16,
    head_seconds=10,
    body_seconds=300,
    slowest_bytes=500,
    stall_seconds=20,
    spool_bytes=2**20,
    waits=1,
)


class Quiet:
    """Tells of nothing."""

    def follow(self, hear: Any, keys: Any) -> None:
        """Be asked, and say nothing."""


class Wire:
    """A transport that takes everything at once."""

    def __init__(self) -> None:
        self.out = b""
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.out += data

    def close(self) -> None:
        self.is_closed = True

    def get_extra_info(self, name: str) -> Any:
        return ("127.0.0.1", 1)

    def can_write_eof(self) -> bool:
        return False

    def set_write_buffer_limits(self, high: int) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Desk:
    """A server that notes what it would run."""

    def __init__(self) -> None:
        self.limits, self.room, self.is_stopping = LIMITS, Room(LIMITS.spool_bytes), False
        self.ran: list[Incoming] = []

    def submit(self, connection: Connection, request: Incoming) -> None:
        self.ran.append(request)

    def admit(self, connection: Connection) -> None: ...

    def forget(self, connection: Connection) -> None: ...


def connect() -> tuple[Desk, Wire, Connection]:
    desk, wire = Desk(), Wire()
    connection = Connection(cast("Server", desk))
    connection.connection_made(cast("Any", wire))
    return desk, wire, connection


@pytest.mark.parametrize(
    "refused",
    [
        b"GET /a HTTP/1.1\r\nExpect: miracles\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: one\r\nHost: two\r\n\r\n",
        b"POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n",
    ],
)
def test_nothing_runs_that_follows_a_refusal(refused: bytes) -> None:
    desk, wire, connection = connect()
    connection.data_received(refused + b"GET /b HTTP/1.1\r\n\r\n")
    connection.data_received(b"GET /c HTTP/1.1\r\n\r\n")
    assert desk.ran == []
    assert wire.out.startswith(b"HTTP/1.1 4")
    assert wire.out.count(b"HTTP/1.1 4") == 1
    assert wire.is_closed


def test_requests_far_ahead_are_not_read() -> None:
    desk, wire, connection = connect()
    connection.data_received(b"GET /a HTTP/1.1\r\n\r\n" * 10_000)
    assert len(connection.waiting) == MOST_AHEAD
    for _ in range(MOST_AHEAD + 1):
        body = Spool(desk.room)
        body.is_complete = True
        connection.begin_reply(desk.ran[-1], Reply("200 OK", [], body))
    assert len(desk.ran) == MOST_AHEAD + 1
    # The last one says that no more is coming.
    assert wire.out.count(b"Connection: close") == 1
    assert wire.is_closed


def test_what_belonged_to_another_request_is_not_counted_as_a_head() -> None:
    desk, wire, connection = connect()
    size = 2 * LONGEST_HEAD_BYTES
    connection.data_received(b"POST /a HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size)
    connection.data_received(b"x" * size + b"GET /b HT")
    connection.data_received(b"TP/1.1\r\n\r\n")
    assert len(desk.ran) + len(connection.waiting) == 2
    assert wire.out == b""


@pytest.mark.parametrize("endless", [b"0\r\nX-Trailer: ", b"1;extension="])
def test_what_surrounds_a_body_is_bounded(endless: bytes) -> None:
    desk, wire, connection = connect()
    connection.data_received(CHUNKED + b"1\r\na\r\n" + endless)
    for _ in range(3):
        connection.data_received(b"x" * (LONGEST_HEAD_BYTES // 2))
    assert wire.out.startswith(b"HTTP/1.1 431")
    assert desk.ran == []


def test_bodies_in_pieces_of_one_byte_are_whole_and_give_their_room_back() -> None:
    desk, _, connection = connect()
    size = 2 * MEMORY_BYTES
    connection.data_received(CHUNKED)
    connection.data_received(b"1\r\na\r\n" * size + b"0\r\n\r\n")
    [request] = desk.ran
    assert request.environ["wsgi.input"].read() == b"a" * size
    request.body.close()
    assert desk.room.taken_bytes == 0


def test_request_whose_client_has_gone_gives_its_room_back() -> None:
    desk, _, connection = connect()
    size = 2 * MEMORY_BYTES
    connection.data_received(b"GET /a HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size)
    connection.data_received(b"a" * size)
    assert desk.room.taken_bytes
    connection.connection_lost(None)
    [request] = desk.ran
    job = Job(None, request.environ, room=desk.room, tell=lambda _: None, tell_more=lambda: None)
    Server._run(cast("Server", desk), job, connection, request)
    assert desk.room.taken_bytes == 0


def test_requests_of_clients_that_went_are_counted_until_they_are_done() -> None:
    may_end = threading.Event()

    def wait(environ: Any, start_response: Any) -> Any:
        may_end.wait()
        start_response("200 OK", [])
        return []

    server = Server(wait, LIMITS, Quiet())
    server._loop = cast(
        "Any", SimpleNamespace(call_soon_threadsafe=lambda call, *words: call(*words))
    )
    wires = []
    for _ in range(server.most_connections + 1):
        _, wire, connection = connect()
        connection.server = server
        connection.data_received(b"POST /a HTTP/1.1\r\nContent-Length: 1\r\n\r\na")
        if server._under_way < server.most_connections:
            connection.connection_lost(None)
        wires.append(wire)
    may_end.set()
    server._threads.shutdown()
    assert wires[-1].out.startswith(b"HTTP/1.1 503")
    assert server._under_way == 0


def test_answer_for_which_there_is_no_room_takes_none() -> None:
    room = Room(MEMORY_BYTES)
    replies: list[Reply] = []

    def answer(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return [b"x" * MEMORY_BYTES, b"x"]

    job = Job(
        answer, {"REQUEST_METHOD": "GET"}, room=room, tell=replies.append, tell_more=lambda: None
    )
    job.run()
    assert [reply.status[:3] for reply in replies] == ["503"]
    assert room.taken_bytes == 0


def test_full_disk_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, data: bytes) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None: ...

    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: Full())
    room = Room(2**20)
    spool = Spool(room)
    with pytest.raises(NoRoom):
        spool.write(b"x" * (MEMORY_BYTES + 1))
    spool.close()
    assert room.taken_bytes == 0


def test_answer_longer_than_announced_ends_where_it_said() -> None:
    desk, wire, connection = connect()
    connection.data_received(b"GET /a HTTP/1.1\r\n\r\n")
    body = Spool(desk.room)
    body.write(b"12345")
    body.is_complete = True
    connection.begin_reply(desk.ran[0], Reply("200 OK", [("Content-Length", "3")], body))
    assert wire.out.endswith(b"\r\n\r\n123")
    assert connection.outgoing is None


class Held(Wire):
    """A transport whose reader takes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True


def held_by(server: Server, *, reads: bool) -> tuple[Connection, Held]:
    """Return a connection of a server that is busy with an answer, which its client reads or which is being made."""
    connection, wire = Connection(server), Held()
    connection.connection_made(cast("Any", wire))
    connection.current = Incoming(server.room)
    if reads:
        connection.outgoing = cast("Any", SimpleNamespace())
    return connection, wire


def test_reader_makes_room_for_newcomers_where_nobody_owes_a_request() -> None:
    server = Server(None, LIMITS, Quiet())
    server.most_connections = 3
    _, worked_for = held_by(server, reads=False)
    _, first = held_by(server, reads=True)
    _, second = held_by(server, reads=True)
    _, newcomer = held_by(server, reads=False)
    aborted = [wire.is_aborted for wire in (worked_for, first, second, newcomer)]
    assert aborted == [False, True, False, False]


def test_what_breaks_a_connection_ends_that_one_alone() -> None:
    server = Server(None, LIMITS, Quiet())
    connection, wire = held_by(server, reads=False)
    server._contain(connection, lambda: 1 // 0)
    assert wire.is_aborted
