"""Reads the keys in which TESTRADE puts images beside its streams."""

from __future__ import annotations

from collections.abc import Callable

import redis

from pytest_intellisense.codec.images import LARGEST_IMAGE_BYTES
from pytest_intellisense.errors import EnvironmentProblem, without_secrets
from pytest_intellisense.streams.connection import Endpoint


def blob_reader(endpoint: Endpoint) -> Callable[[str], bytes | None]:
    """A callable that gives the value of a key, None where there is none. It raises OSError with the reason.

    Blobs are rare and a capture is long: each is read on a connection of its own, which nobody has to keep alive.
    """

    def read(key: str) -> bytes | None:
        try:
            with endpoint.connect() as client:
                length = client.strlen(key)
                if length > LARGEST_IMAGE_BYTES:
                    raise OSError(f"it has {length} bytes, at most {LARGEST_IMAGE_BYTES} are kept")
                value: bytes | None = client.get(key)
                return value
        except (redis.RedisError, EnvironmentProblem) as problem:
            raise OSError(without_secrets(str(problem))) from None

    return read
