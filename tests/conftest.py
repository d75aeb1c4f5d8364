"""For all rooms: property tests say nothing about time, whatever else the machine does."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("eventready", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("eventready")
