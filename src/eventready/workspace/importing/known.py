"""Names of a workspace, the possible meanings of imported cells."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_args

from eventready.core.messages import LANGS, term
from eventready.workspace.devices.device import ROLES, SERVICES
from eventready.workspace.inventory import InventoryFiles
from eventready.workspace.settings.duties import Addressee
from eventready.workspace.settings.event import Window, WindowKind
from eventready.workspace.sheets.spelling import Vocabulary, fold, spellings, tokens

#: Version of software behind the name of a platform.
_VERSION = re.compile(r"\b(?:v|version|ver)?\.? ?\d{1,9}\.\d\S*|\bV\d{1,3}R\d\S*", re.I)
#: Consecutive words of a platform's title that are also written as one.
_LONGEST = 5


@dataclass(frozen=True)
class PlatformNames:
    """Names and title of a platform, and the roles of its devices."""

    names: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset[str]().union(*map(tokens, self.names))

    @cached_property
    def _runs(self) -> frozenset[str]:
        listed = [[fold(word) for word in re.findall(r"\w+", name)] for name in self.names]
        return frozenset(
            "".join(words[start:end])
            for words in listed
            for start in range(len(words))
            for end in range(start + 1, start + _LONGEST + 1)
        )

    def has(self, text: str, *, series: bool) -> bool:
        """True if every word of a text is in the names; `series`: also numbers of the series, 9001 for 9000."""
        words = tokens(text)
        return fold(text) in self._runs or (
            bool(words)
            and all(
                word in self._words or (series and any(_in_series(word, one) for one in self._words)) for word in words
            )
        )


def _in_series(number: str, series: str) -> bool:
    return (
        number.isdecimal()
        and series.isdecimal()
        and len(number) == len(series) > 2
        and number.startswith(series.rstrip("0") or "0")
    )


@dataclass(frozen=True)
class Known:
    """Names of the workspace. `venues` by identifier; `files`: the present inventory; `windows`: of the event."""

    platforms: Mapping[str, PlatformNames]
    venues: Mapping[str, tuple[str, ...]]
    groups: Collection[str]
    files: InventoryFiles = field(default_factory=InventoryFiles)
    bastions: Collection[str] = ()
    windows: Sequence[Window] = ()
    drills: Collection[str] = ()

    @cached_property
    def vocabularies(self) -> Mapping[str, Vocabulary]:
        """Vocabulary of each kind of value, but of devices and bastions, which a workbook brings itself."""
        return {
            "platform": Vocabulary({name: known.names for name, known in self.platforms.items()}),
            "venue": Vocabulary(self.venues),
            "group": Vocabulary(dict.fromkeys(self.groups, ())),
            "role": _words("role", ROLES, "terms:role"),
            "service": _words("service", SERVICES, "terms:service"),
            "kind": _words("kind", get_args(WindowKind), "workspace:window_kind"),
            "addressee": _words("addressee", get_args(Addressee), "workspace:addressee"),
            "flag": _words("flag", ("yes", "no"), "workspace:flag"),
        }

    def platforms_of(self, text: str, role: str = "") -> tuple[str, ...]:
        """Return the possible platforms of a text, for devices of a role."""
        exact = self.vocabularies["platform"].meant(text)
        plain = _VERSION.sub(" ", text).strip() or text
        for names in (
            exact,
            [name for name, known in self.platforms.items() if known.has(plain, series=False)],
            [name for name, known in self.platforms.items() if known.has(plain, series=True)],
            self._without_numbers(plain),
        ):
            fitting = [name for name in names if not role or role in self.platforms[name].roles]
            if names:
                return tuple(fitting or names)
        return ()

    def _without_numbers(self, text: str) -> Iterable[str]:
        words = " ".join(re.findall(r"(?<!\d)[^\W\d_]{2,}", text))
        return [name for name, known in self.platforms.items() if words and known.has(words, series=False)]

    def inherits(self, device: str, groups: Iterable[str], *path: str) -> bool:
        """True if a device of these groups has a value under `path` in hosts.yaml, its groups or the defaults."""
        pending, seen = [*groups], set[str]()
        host = self.files.hosts.get(device) or {}
        found = [host, self.files.defaults]
        pending += host.get("groups") or ()
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                found.append(self.files.groups.get(name) or {})
                pending += found[-1].get("groups") or ()
        return any(value_at(part, path) is not None for part in found)


#: Path of the links of a device.
WRITTEN_LINKS = ("data", "expect", "links")


def ends_of(device: str, link: Any) -> frozenset[tuple[str, str]]:
    """Ends of a written link of a device, as (device, port)."""
    return frozenset({(device, str(link["port"])), (str(link["device"]), str(link["to_port"]))})


def value_at(entry: Any, path: Sequence[str]) -> Any:
    """Value under a path, or None."""
    for key in path:
        if not isinstance(entry, Mapping):
            return None
        entry = entry.get(key)
    return entry


def _words(kind: str, names: Iterable[str], family: str) -> Vocabulary:
    own = spellings("values", kind)
    return Vocabulary({
        name: (*(term(family, name, lang) for lang in LANGS), *map(str, own.get(name) or ())) for name in names
    })  # fmt: skip
