"""A TCP proxy in front of a Redis on a unix socket, which can be slow, silent or away."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

_CHUNK = 65_536


class Proxy:
    """Listens on loopback, on one port for its life; `delay` are seconds that each piece of a request is held up."""

    def __init__(self, target: Path) -> None:
        self.delay = 0.0
        self._target, self._open = target, set[socket.socket]()
        self._lock, self._passing = threading.Lock(), threading.Event()
        self._passing.set()
        self._listener: socket.socket | None = None
        self._port = 0
        self.back()

    @property
    def url(self) -> str:
        """Where to connect instead."""
        return f"redis://127.0.0.1:{self._port}/0"

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._passing.set()
        self.away()

    def away(self) -> None:
        """Break all connections, and refuse new ones."""
        with self._lock:
            if self._listener is not None:
                with suppress(OSError):
                    self._listener.shutdown(socket.SHUT_RDWR)
                self._listener.close()
                self._listener = None
            for one in self._open:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def back(self) -> None:
        """Take connections (again)."""
        listener = socket.create_server(("127.0.0.1", self._port), reuse_port=False)
        self._port = int(listener.getsockname()[1])
        with self._lock:
            self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def silence(self, on: bool) -> None:
        """Hold back everything, as a network does that drops packets."""
        self._passing.clear() if on else self._passing.set()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(str(self._target))
                except OSError:
                    client.close()
                    continue
                with self._lock:
                    self._open |= {client, server}
                for one, other, slow in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pump, args=(one, other, slow), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, slow: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                self._passing.wait()
                if slow and self.delay:
                    time.sleep(self.delay)
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._open.discard(source)
        source.close()
