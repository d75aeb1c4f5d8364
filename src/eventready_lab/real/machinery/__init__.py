"""The machine beneath the real lab: namespaces, processes, listeners, programs and packages."""
