"""How tests start pytest as a process of its own."""

from __future__ import annotations

import sys

WITHOUT_OURS = [word for name in ("hypothesispytest", "anyio", "allure_pytest", "sugar") for word in ("-p", f"no:{name}")]
"""The plugins that only our own tests need take a third of a start."""

AS_ADDOPTS = {"PYTEST_ADDOPTS": " ".join(WITHOUT_OURS)}
"""The same, as environment of commands that start pytest themselves."""

PYTEST = [sys.executable, "-m", "pytest", *WITHOUT_OURS]
