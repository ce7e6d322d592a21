"""What the web server bears: connections, slow senders, slow readers."""

from genhub.settings.parts import at_least

WEB = {
    # Threads that answer requests; health has two of its own.
    "threads": at_least("WEB_THREADS", 8, 1, 256),
    # Open connections at most; when they are all taken, the oldest that still sends its request is closed.
    "connections": at_least("WEB_CONNECTIONS", 4096, 16),
    # A request's head must be here within so many seconds, its body within so many more.
    "head_seconds": at_least("WEB_HEAD_SECONDS", 10, 1),
    "body_seconds": at_least("WEB_BODY_SECONDS", 300, 1),
    # Bytes a second of a body, on the average of each stall; a reader must take something in each.
    "slowest_bytes": at_least("WEB_SLOWEST_BYTES", 500, 0),
    "stall_seconds": at_least("WEB_STALL_SECONDS", 20, 1),
    # Answers that wait for a task's end (`Prefer: wait`); one more is given at once.
    "waits": at_least("WEB_WAITS", 1000, 0),
    # Bodies and answers that lie in files without a name until they were read, all together.
    "spool_bytes": at_least("WEB_SPOOL_MIB", 1024, 32) * 2**20,
}
