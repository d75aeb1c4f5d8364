"""Text as such: lines, JSON, patterns and matchers, addresses; sentences for people are in `core/messages.py`."""
