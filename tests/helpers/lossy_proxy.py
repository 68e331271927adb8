"""A TCP proxy in front of a server that, once told, lets a command through and loses the answer."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class LossyProxy:
    """Forwards to a port of this machine. `lose_answer_to(b"XADD")` breaks the next connection that sends this word."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._word: bytes | None = None
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        _shut(self._listening)
        for connection in self._connections:
            _shut(connection)
        for thread in self._threads:
            thread.join()

    def lose_answer_to(self, word: bytes) -> None:
        self._word = word

    def _spawn(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server_port))
            self._connections += [client, server]
            lost = threading.Event()
            self._spawn(self._forward_commands, client, server, lost)
            self._spawn(self._forward_answers, server, client, lost)

    def _forward_commands(self, client: socket.socket, server: socket.socket, lost: threading.Event) -> None:
        while data := _receive(client):
            if self._word is not None and self._word in data:
                self._word = None
                lost.set()
            server.sendall(data)
        _shut(server)

    def _forward_answers(self, server: socket.socket, client: socket.socket, lost: threading.Event) -> None:
        while (data := _receive(server)) and not lost.is_set():
            client.sendall(data)
        _shut(client)
        _shut(server)


def _receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except OSError:
        return b""


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
