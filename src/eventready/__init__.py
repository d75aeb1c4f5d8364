"""eventready: event readiness for carrier networks, as code."""

__version__ = "0.1.0"
