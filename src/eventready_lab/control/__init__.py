"""Control of a lab from other processes: its folder, control socket and workspace copy."""
