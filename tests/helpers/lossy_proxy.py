"""A TCP proxy in front of a server that, once told, does to a connection what networks and servers do."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

LOADING = b"-LOADING Redis is loading the dataset in memory\r\n"

_COMMAND = re.compile(rb"\*\d+\r\n\$")
_GREETINGS = (b"HELLO", b"CLIENT", b"AUTH")
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class _Pair:
    client: socket.socket
    server: socket.socket
    refused: bool
    muted: threading.Event = field(default_factory=threading.Event)
    lost: threading.Event = field(default_factory=threading.Event)

    def shut(self) -> None:
        _shut(self.client)
        _shut(self.server)

    def reset(self) -> None:
        with contextlib.suppress(OSError):
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.client.shutdown(socket.SHUT_RD)  # while the other thread still reads from it, closing would send nothing
        self.client.close()
        _shut(self.server)


class LossyProxy:
    """Forwards to a port of this machine.

    `lose_answer_to(b"XADD")` breaks the next connection that sends this word, `mute` makes connections half-open,
    `refuse_all` answers for the server. Answers come in pieces of `piece_bytes`, each late by `delay_s`, and
    have every word in `rewritten` replaced.
    """

    def __init__(self, server_port: int) -> None:
        self.delay_s = 0.0
        self.piece_bytes = 65536
        self.rewritten: dict[bytes, bytes] = {}
        self.accepted = 0
        self._server_port = server_port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._word: bytes | None = None
        self._word_seen = threading.Event()
        self._resets = False
        self._refusal: bytes | None = None
        self._pairs: list[_Pair] = []
        self._threads: list[threading.Thread] = []
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        _shut(self._listening)
        for pair in self._pairs:
            pair.muted.clear()
            pair.shut()
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def lose_answer_to(self, word: bytes, *, reset: bool = False) -> threading.Event:
        """The next command with `word` reaches the server, its answer no one; the event is set when it was sent.

        The connection is closed then, with an RST if `reset`.
        """
        self._word_seen = threading.Event()
        self._resets = reset
        self._word = word
        return self._word_seen

    def mute(self) -> None:
        """Swallow whatever is said from now on on the connections there are, and leave them open; new ones work."""
        for pair in self._pairs:
            pair.muted.set()

    def cut(self) -> None:
        """Break every connection there is."""
        for pair in self._pairs:
            pair.shut()

    def refuse_all(self, answer: bytes | None) -> None:
        """Give this answer to every command but greetings on connections that are new; None: the server answers again."""
        self._refusal = answer

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
            self.accepted += 1
            try:
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                client.close()
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = _Pair(client, server, refused=self._refusal is not None)
            self._pairs.append(pair)
            self._spawn(self._forward_commands, pair)
            self._spawn(self._forward_answers, pair)

    def _forward_commands(self, pair: _Pair) -> None:
        while data := _receive(pair.client):
            if pair.muted.is_set():
                continue
            if pair.refused and self._refusal is not None and not any(word in data for word in _GREETINGS):
                _send(pair.client, self._refusal * len(_COMMAND.findall(data)))
                continue
            loses = self._word is not None and self._word in data
            if loses:
                self._word = None
                pair.lost.set()
            if not _send(pair.server, data):
                break
            if loses:
                self._word_seen.set()
        _shut(pair.server)

    def _forward_answers(self, pair: _Pair) -> None:
        while data := _receive(pair.server):
            if pair.lost.is_set():
                break
            if not pair.muted.is_set() and not self._deliver(pair.client, data):
                break
        if pair.muted.is_set():
            return
        if pair.lost.is_set() and self._resets:
            pair.reset()
        else:
            pair.shut()

    def _deliver(self, client: socket.socket, data: bytes) -> bool:
        for word, other in self.rewritten.items():
            data = data.replace(word, other)
        size = self.piece_bytes
        for start in range(0, len(data), size):
            time.sleep(self.delay_s)
            if not _send(client, data[start : start + size]):
                return False
        return True


def _receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except OSError:
        return b""


def _send(connection: socket.socket, data: bytes) -> bool:
    try:
        connection.sendall(data)
    except OSError:
        return False
    return True


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
