"""What vendors say while they work: events of a stream (text/event-stream), each as its data."""

from collections.abc import Iterable, Iterator


def read_events(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the data of each event of a body that comes in parts; one that the end cuts off, too."""
    said: list[bytes] = []
    for line in read_lines(parts):
        if line.startswith(b"data:"):
            said.append(line.removeprefix(b"data:").removeprefix(b" "))
        elif not line and said:
            yield b"\n".join(said)
            said = []
    if said:
        yield b"\n".join(said)


def read_lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines without their ends; one may hold a whole picture, so each byte is looked at once."""
    rest = bytearray()
    for part in parts:
        searched = len(rest)
        rest += part
        while (end := rest.find(b"\n", searched)) >= 0:
            yield bytes(rest[:end].removesuffix(b"\r"))
            del rest[: end + 1]
            searched = 0
    if rest:
        yield bytes(rest)
