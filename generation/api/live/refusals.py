"""Why a stream is not opened."""

from genhub.lib.errors import Problem, gettext_noop

RETRY_AFTER = {"Retry-After": "5"}


class EventsAway(Problem):
    """The process that serves streams is not there."""

    code = "events_away"
    status = 503
    title = gettext_noop("Events are not available for a moment")
    detail = gettext_noop(
        "The hub's events process does not answer. Orders are taken and done all the same: poll the task, or come again."
    )


class EventsGone(Problem):
    """What came after a client's last event is not kept any more, or never was."""

    code = "events_gone"
    status = 410
    title = gettext_noop("The events after this one are not kept")
    detail = gettext_noop(
        "“Last-Event-ID” names an event that is too old, or none of this hub. List your tasks, then open the stream without it."
    )


class TooManyStreams(Problem):
    """All streams of the hub are taken."""

    code = "too_many_streams"
    status = 429
    title = gettext_noop("Too many event streams are open")
    detail = gettext_noop("This hub keeps at most %(limit)s open. Poll, or come again in a moment.")


class TooManyStreamsOfKey(Problem):
    """One key has as many streams as it may."""

    code = "too_many_streams_of_key"
    status = 429
    title = gettext_noop("This key has too many event streams open")
    detail = gettext_noop(
        "At most %(limit)s at a time. Close one, or follow all your tasks in one stream: GET /api/v1/events."
    )
