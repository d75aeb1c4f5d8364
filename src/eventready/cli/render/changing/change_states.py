"""Colours of device states in a change."""

#: Device state to click style, worst last.
STYLES = {
    "new": "green",
    "old": "yellow",
    "untouched": "",
    "by_hand": "yellow",
    "unproven": "bold red",
    "waiting": "",
    "open": "bold red",
    "to_take_back": "bold red",
}
