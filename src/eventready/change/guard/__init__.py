"""Guards: how a device reverts by itself, its time window, the soak, and checks of lines without a commit."""
