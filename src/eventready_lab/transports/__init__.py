"""Sessions on a simulated device: command line, host shell, MML, over SSH, telnet or TCP."""
