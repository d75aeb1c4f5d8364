"""Change of a single device: state machine, live session, checks before and after."""
