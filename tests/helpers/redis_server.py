"""A private redis-server on a free loopback port, with the faults that tests need: kill, pause, restart."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

_START_TIMEOUT_S = 30.0


class RedisServer:
    """`with RedisServer() as server:` gives a running, empty server; extra arguments go to redis-server.

    A restarted server has the same port and, unless persistence was asked for by `arguments`, is empty.
    """

    def __init__(self, *arguments: str, program: str = "redis-server") -> None:
        self._program = program
        self._arguments = arguments
        self._folder = tempfile.TemporaryDirectory(prefix="redis-", ignore_cleanup_errors=True)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server is not running"
        return self._process.pid

    def client(self, **options: object) -> redis.Redis:
        """A client of the caller's to close; fails fast, never repeats a command."""
        settings: dict[str, object] = {
            "retry": redis.retry.Retry(redis.backoff.NoBackoff(), 0),
            "socket_timeout": 20.0,
            "socket_connect_timeout": 10.0,
        }
        return redis.Redis.from_url(self.url, **{**settings, **options})

    def start(self) -> None:
        """Start and wait until it answers. A port given away in between is tried again with another one."""
        for _attempt in range(5):
            if self._launch(self.port or free_port()):
                return
        raise RuntimeError(f"redis-server does not start; its log:\n{self._log()}")

    def kill(self) -> None:
        """SIGKILL: nothing is saved, connections break."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def restart(self) -> None:
        """Kill it and start it again on the same port."""
        self.kill()
        self.start()

    def close(self) -> None:
        self.kill()
        self._folder.cleanup()

    def _launch(self, port: int) -> bool:
        command = [self._program, "--port", str(port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
        command += ["--dir", self._folder.name, "--logfile", f"{self._folder.name}/redis.log", *self._arguments]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if _answers(port, process):
            self._process, self.port = process, port
            return True
        process.kill()
        process.wait()
        return False

    def _log(self) -> str:
        return Path(self._folder.name, "redis.log").read_text(errors="replace")[-2000:]


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"INFO server\r\n")
                reply = connection.recv(4096)
                if reply.startswith(b"-NOAUTH"):
                    return True
                if f"process_id:{process.pid}\r".encode() in reply:
                    connection.sendall(b"PING\r\n")
                    if not connection.recv(4096).startswith(b"-LOADING"):
                        return True
        except OSError:
            pass
        time.sleep(0.005)
    return False


def free_port() -> int:
    """Below the ports that systems give to outgoing connections, so that nobody gets it while the server is down."""
    while True:
        port = random.SystemRandom().randrange(12_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
