"""Hooks that projects implement in a conftest.py or a plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_intellisense.model.pipeline import PipelineSignature


@pytest.hookspec
def pytest_intellisense_operators() -> Mapping[str, Callable[[Any, Any, Any], str | None]]:  # type: ignore[empty-body]
    """Add comparison operators: name -> compare(actual, expected, tolerance), returning why it does not hold, or None.

    Example::

        def pytest_intellisense_operators():
            return {"is_even": lambda actual, expected, tolerance: None if actual % 2 == 0 else f"{actual} is odd"}
    """


@pytest.hookspec
def pytest_intellisense_pipelines() -> Mapping[str, PipelineSignature | Mapping[str, Any]]:  # type: ignore[empty-body]
    """Add pipelines: name -> what a plan has in its `pipelines`, or a PipelineSignature; plans name them in `pipeline`.

    Example::

        def pytest_intellisense_pipelines():
            return {"PRICE_TO_TICK": {"stages": [{"key": "tick", "match": {"event_type": "PRICE_TRADE"}}]}}
    """


@pytest.hookspec
def pytest_intellisense_streams() -> Sequence[str]:  # type: ignore[empty-body]
    """Add names of Redis streams to record beside the declared ones."""
