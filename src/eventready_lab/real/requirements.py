"""Earlier place of `eventready_lab.real.machinery.requirements`."""

from eventready_lab.real.machinery.requirements import examine, install_missing

__all__ = ["examine", "install_missing"]
