"""An ISR 2900 with IOS 15.7: the configuration and most answers are those of IOS XE, the chassis has its own."""

from __future__ import annotations

from dataclasses import replace

from eventready_lab.dialects._shared.templated import load_answers
from eventready_lab.dialects.cisco_xe import dialect as cisco_xe
from eventready_lab.dialects.cisco_xe import effects
from eventready_lab.dialects.cisco_xe.formats import long_duration, short_name

_OWN = load_answers("eventready_lab.dialects.cisco_ios", long_duration, short_name)

DIALECT = replace(
    cisco_xe.DIALECT,
    platform="cisco_ios",
    shows={**{command: show for command, show in cisco_xe.DIALECT.shows.items() if "platform" not in command}, **_OWN},
    config=replace(cisco_xe.CONFIG, layout=effects.IosLayout(numbers=False)),
    variant=None,
)
