"""Unmapped objects of providers, found in the descriptions of ports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from eventready.core.messages import message
from eventready.facts.records import Interface
from eventready.network.network_facts import NetworkFacts
from eventready.workspace.unsaid import Unsaid

#: Shortest identifier that is looked for: shorter ones are parts of anything.
_SHORTEST = 3


def circuits(readings: NetworkFacts, unmapped: Iterable[tuple[str, str]]) -> Iterator[Unsaid]:
    """Yield a question for each object (provider, id) at ports with the id in their descriptions."""
    described = [
        (f"{reading.name}:{row.name}", reading.name, row.description.casefold())
        for reading in readings.all
        for row in reading.fact("interface", Interface).each_row() if row.description
    ]  # fmt: skip
    for provider, name in dict.fromkeys(unmapped):
        found = [(member, device) for member, device, text in described if _names(text, name.casefold())]
        if found and len(name) >= _SHORTEST:
            members = [member for member, _device in found]
            entry = f"{{id: {name}, provider: {provider}, members: [{', '.join(f'{one!r}' for one in members)}]}}"
            question = message("learn:ask.circuit", circuit=name, members=members, entry=entry)
            yield Unsaid("circuit", found[0][1], question, name)


def _names(text: str, name: str) -> bool:
    """True for a text with the name as a word."""
    place = text.find(name)
    while place >= 0:
        around = text[max(0, place - 1) : place] + text[place + len(name) : place + len(name) + 1]
        if not any(character.isalnum() for character in around):
            return True
        place = text.find(name, place + 1)
    return False
