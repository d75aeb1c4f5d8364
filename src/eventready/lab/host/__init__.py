"""The host beneath a device: files, processes and enough of a POSIX shell to arm a dead-man timer on it."""
