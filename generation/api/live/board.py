"""The streams that are open: the loop alone fills and closes them, and the feed's thread asks who follows what."""

import asyncio
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings

from generation.api.live.lines import HEARTBEAT, Line, Step, make_place
from generation.api.live.refusals import RETRY_AFTER, TooManyStreams, TooManyStreamsOfKey
from generation.api.live.watch import Dialect, Reader, Watch
from generation.selectors.line import Place

# Events that wait for a slow client; one that is further behind is cut off, and goes on where it stopped.
MOST_BEHIND = 1000
# What a browser keeps open for one site; a token is one user's, and a key's many users have one each.
MOST_OF_TOKEN = 8


@dataclass(frozen=True)
class Followed:
    """What somebody follows at the moment, and in which words."""

    tasks: frozenset[uuid.UUID]
    platforms: frozenset[uuid.UUID]
    readers: frozenset[Reader]


class Stream:
    """One client: what is to be sent next."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.wake = asyncio.Event()
        # No more will come after what lies here.
        self.is_over = False
        # Its client has gone: nothing more needs to be worded.
        self.is_left = False
        # The place of the last event that was sent.
        self.sent = watch.after or 0
        # Since the last heartbeat.
        self.was_busy = True
        # No deque: an empty one takes half a KiB, and most streams are at rest.
        self._lines: list[Line] = []
        self._steps: dict[uuid.UUID, bytes] = {}
        # Where the task that it follows stood when that was told last.
        self._place = b""
        self._beats = False

    def add(self, line: Line) -> None:
        """Send an event."""
        if len(self._lines) >= MOST_BEHIND:
            self._lines.clear()
            self.end()
        elif not self.is_over:
            self._lines.append(line)
            self.wake.set()

    def add_step(self, step: Step) -> None:
        """Send how far a task is, unless a later step comes before the client reads."""
        is_one = self.watch.task_id is not None
        self._steps[step.task_id] = step.with_preview if is_one else step.bare
        self.wake.set()

    def add_place(self, task_id: uuid.UUID, place: Place) -> None:
        """Send where the task stands, if that is news."""
        text = make_place(task_id, self.watch.user, place)
        if text != self._place:
            self._place = self._steps[task_id] = text
            self.wake.set()

    def beat(self) -> None:
        """Say that the hub is there, if nothing else did meanwhile."""
        if not self.was_busy:
            self._beats = True
            self.wake.set()
        self.was_busy = False

    def end(self) -> None:
        """Send what lies here, and no more."""
        self.is_over = True
        self.wake.set()

    def leave(self) -> None:
        """End, for nobody reads any more."""
        self.is_left = True
        self.end()

    def skip(self, position: int) -> None:
        """Leave out the events up to a place: they were sent from the rows."""
        self.sent = max(self.sent, position)

    def take(self) -> bytes:
        """Return what is to be sent now."""
        self.wake.clear()
        texts = [text for line in self._lines if (text := self.pass_on(line))]
        self._lines.clear()
        if not self.is_over:
            texts += self._steps.values()
        self._steps.clear()
        if not texts and self._beats:
            texts = [HEARTBEAT]
        self._beats = False
        self.was_busy = self.was_busy or bool(texts)
        return b"".join(texts)

    def pass_on(self, line: Line) -> bytes:
        """Return an event's text once; after a task's end its stream is over."""
        told = line.told
        # What was worded for others alone was committed before this stream began: it reads that from the rows.
        text = line.texts.get(self.watch.reader, b"")
        if told.position <= self.sent or not text:
            return b""
        self.sent = told.position
        if told.is_end and self.watch.task_id is not None:
            self.is_over = True
        return text


class Spoken(Stream):
    """A stream in a dialect: steps as that words them; of the events it needs the end alone."""

    def __init__(self, watch: Watch, dialect: Dialect) -> None:
        super().__init__(watch)
        self.dialect = dialect

    def add(self, line: Line) -> None:
        """End with the task; what is said then is read from the rows."""
        if line.told.is_end:
            self.end()

    def add_step(self, step: Step) -> None:
        """Send how far the task is, and no step less."""
        if text := self.dialect.word_step(step):
            self._steps[step.task_id] = self._steps.get(step.task_id, b"") + text
            self.wake.set()

    def add_place(self, task_id: uuid.UUID, place: Place) -> None:
        """Send nothing: no dialect has a word for it."""


class Board:
    """All open streams of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_tasks: dict[uuid.UUID, set[Stream]] = {}
        self._of_platforms: dict[uuid.UUID, set[Stream]] = {}
        self._readers: Counter[Reader] = Counter()
        self._keys: Counter[str] = Counter()
        self._is_closed = False

    def open(self, watch: Watch) -> Stream:
        """Return a new stream that hears all that is told from now on; raise when there are too many."""
        most, most_of_key = settings.EVENTS["streams"], settings.EVENTS["streams_per_key"]
        if self._keys.total() >= most:
            raise TooManyStreams(limit=most, headers=RETRY_AFTER)
        if watch.is_token:
            most_of_key = min(most_of_key, MOST_OF_TOKEN)
        if self._keys[watch.key] >= most_of_key:
            raise TooManyStreamsOfKey(limit=most_of_key, headers=RETRY_AFTER)
        stream = Spoken(watch, watch.dialect) if watch.dialect else Stream(watch)
        if self._is_closed:
            stream.end()
        with self._lock:
            self._keys[watch.key] += 1
            self._readers[watch.reader] += 1
            shelf, name = self._shelf(watch)
            shelf.setdefault(name, set()).add(stream)
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream."""
        watch = stream.watch
        with self._lock:
            shelf, name = self._shelf(watch)
            shelf[name].discard(stream)
            if not shelf[name]:
                del shelf[name]
            self._keys.subtract([watch.key])
            self._readers.subtract([watch.reader])
            # Without those of whom none is left.
            self._keys, self._readers = +self._keys, +self._readers

    def followed(self) -> Followed | None:
        """Return what somebody follows; None when nobody does. Any thread may ask."""
        with self._lock:
            if not self._readers:
                return None
            return Followed(
                frozenset(self._of_tasks), frozenset(self._of_platforms), frozenset(self._readers)
            )

    def keys(self) -> list[str]:
        """Return by which keys streams are open. Any thread may ask."""
        with self._lock:
            return list(self._keys)

    def tell(self, lines: Iterable[Line], steps: Iterable[Step]) -> None:
        """Hand events and steps to those who follow them."""
        for line in lines:
            for stream in self._followers(line.told.task_id, line.told.platform_id):
                if stream.watch.follows(line.told):
                    stream.add(line)
        for step in steps:
            for stream in self._followers(step.task_id, step.platform_id):
                is_one = stream.watch.task_id is not None
                if is_one or stream.watch.owns(step.platform_id, step.user):
                    stream.add_step(step)

    def tell_places(self, places: Mapping[uuid.UUID, Place]) -> None:
        """Hand to who follows a waiting task alone where it stands."""
        for task_id, place in places.items():
            for stream in self._of_tasks.get(task_id, ()):
                stream.add_place(task_id, place)

    def end_of_keys(self, dead: Iterable[str]) -> None:
        """End the streams of keys that may read no more."""
        ended = frozenset(dead)
        for stream in self.streams():
            if stream.watch.key in ended:
                stream.end()

    def end_all(self) -> None:
        """End all streams: their clients come again, and go on where they stopped."""
        self._is_closed = True
        for stream in self.streams():
            stream.end()

    def streams(self) -> list[Stream]:
        """Return all that are open."""
        shelves = (self._of_tasks, self._of_platforms)
        return [stream for shelf in shelves for streams in shelf.values() for stream in streams]

    def _followers(self, task_id: uuid.UUID, platform_id: uuid.UUID) -> list[Stream]:
        return [*self._of_tasks.get(task_id, ()), *self._of_platforms.get(platform_id, ())]

    def _shelf(self, watch: Watch) -> tuple[dict[uuid.UUID, set[Stream]], uuid.UUID]:
        if watch.task_id is not None:
            return self._of_tasks, watch.task_id
        return self._of_platforms, watch.platform_id
