"""A private redis-server for one run: on loopback, on a free port, with nothing kept on disk."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from pathlib import Path

import redis

from pytest_intellisense.errors import EnvironmentProblem
from pytest_intellisense.streams.connection import Endpoint, endpoint_of

_START_WITHIN_S = 4.0
_ATTEMPTS = 3


class PrivateServer:
    """`start` gives the endpoint; `close` ends the process and removes its folder."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> Endpoint:
        """Return when the server answers. Raises EnvironmentProblem, also if redis-server is not installed."""
        self._folder = tempfile.TemporaryDirectory(prefix="intellisense-redis-", ignore_cleanup_errors=True)
        for _attempt in range(_ATTEMPTS):
            port = _free_port()
            self._process = self._launched(port)
            endpoint = endpoint_of(f"redis://127.0.0.1:{port}/0")
            if _answers(endpoint, self._process):
                return endpoint
            self._end()
        said = self._log()
        self.close()
        raise EnvironmentProblem(f"redis-server does not start: {said}", hint="run it by hand to see why")

    def close(self) -> None:
        """May be called twice."""
        self._end()
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.cleanup()

    def _launched(self, port: int) -> subprocess.Popen[bytes]:
        folder = self._folder.name if self._folder else "."
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        command += ["--dir", folder, "--logfile", f"{folder}/redis.log"]
        try:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except FileNotFoundError:
            self.close()
            raise EnvironmentProblem(
                "redis-server is not installed",
                hint="apt-get install redis-server, or brew install redis; or run on the embedded Redis",
            ) from None

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()  # it keeps nothing
            process.wait()

    def _log(self) -> str:
        path = Path(self._folder.name, "redis.log") if self._folder else None
        lines = path.read_text(errors="replace").splitlines() if path and path.exists() else []
        return lines[-1] if lines else "it says nothing"


def _answers(endpoint: Endpoint, process: subprocess.Popen[bytes]) -> bool:
    """Whether this very process answers there: the port may have been given to another one in between."""
    deadline = time.monotonic() + _START_WITHIN_S
    with endpoint.open() as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                return bool(client.info("server")["process_id"] == process.pid)
            except redis.RedisError:
                time.sleep(0.005)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
