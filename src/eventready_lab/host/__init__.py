"""The host behind a simulated device: a POSIX shell, its programs, files, processes and daemons."""
