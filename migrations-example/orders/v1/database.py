"""A small pool of connections to PostgreSQL."""

import contextlib
import queue
import threading

import psycopg2
import psycopg2.extras


class Pool:
    def __init__(self, url, size):
        self._url = url
        self._idle = queue.LifoQueue()
        self._slots = threading.BoundedSemaphore(size)

    @contextlib.contextmanager
    def transaction(self):
        """A cursor in a transaction of its own: committed at the end, rolled back on an exception."""
        with self._slots:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                connection = psycopg2.connect(
                    self._url, connect_timeout=5, cursor_factory=psycopg2.extras.RealDictCursor
                )
            try:
                with connection, connection.cursor() as cursor:
                    yield cursor
            except BaseException:
                # It may be the connection that failed: the next request gets a new one.
                connection.close()
                raise
            self._idle.put(connection)
