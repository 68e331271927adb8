"""Thousands of items are collected without the garbage collector, which takes a tenth of the time and finds next to nothing."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from pytest_intellisense.garbage import no_garbage_collection


class QuickCollection:
    """Registered in a run that has plans."""

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        with no_garbage_collection():
            return (yield)
