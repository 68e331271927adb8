"""Random examples run on noisy machines: no example is too slow."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("noisy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("noisy")
