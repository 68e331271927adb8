"""A small but real TESTRADE: reads screens, trades on them, and tells everything on Redis streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import redis

from testrade_hooks.gate import AppGate
from testrade_hooks.injection import InjectionListener
from testrade_hooks.publisher import EventPublisher
from testrade_hooks.reference.commands import Commands
from testrade_hooks.reference.config import Config
from testrade_hooks.reference.core import Core
from testrade_hooks.reference.outlet import Outlet
from testrade_hooks.reference.worker import Worker


class ReferenceApp:
    """The whole application on one Redis. Injections are taken as far as `gate` permits.

    `redis_client` is a factory of clients for one server; `config` overrides defaults. Raises ConfigRejected.
    """

    def __init__(
        self, redis_client: Callable[[], redis.Redis], *, gate: AppGate, config: Mapping[str, Any] | None = None
    ) -> None:
        settings = Config(config)
        self._client = redis_client()
        self._publisher = EventPublisher(self._client)
        self._worker = Worker()
        self._core = Core(settings, Outlet(self._publisher.publish), self._worker, self._vitals)
        self._listener = InjectionListener(self._client, gate)
        Commands(self._core, self._worker).register_with(self._listener)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.close()

    @property
    def publisher(self) -> EventPublisher:
        """Counts what was published and lost."""
        return self._publisher

    def start(self) -> None:
        """Announce configuration, health and account, then take injections."""
        self._worker.start()
        self._worker.call(self._core.begin)
        self._publisher.flush(5.0)
        self._listener.start()

    def close(self) -> None:
        """Finish the work at hand, publish what waits, and let go of Redis."""
        self._listener.close()
        self._worker.close()
        self._publisher.close()
        self._client.close()

    def _vitals(self) -> dict[str, int]:
        publisher = self._publisher
        return {"published": publisher.published, "dropped": publisher.dropped, "failed": publisher.failed}
