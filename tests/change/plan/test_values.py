"""Lines of which the equipment keeps one, and what takes them back where none was before."""

from __future__ import annotations

import pytest

from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import parse_tree
from eventready.platforms.loader import describe

CASES = [
    # platform, section, old and new line, the way there, the way to nothing
    *(
        (platform, "interface GigabitEthernet0/0/1", (old, new), [new], f"no {new}")
        for platform in ("cisco_xe", "cisco_9800")
        for old, new in (
            ("switchport trunk allowed vlan 10,20", "switchport trunk allowed vlan 10,20,30"),
            ("switchport access vlan 10", "switchport access vlan 20"),
            ("ip ospf 1 area 0", "ip ospf 1 area 1"),
            ("ip mtu 1400", "ip mtu 1500"),
            ("speed 100", "speed 1000"),
        )
    ),
    *(
        (platform, "", (f"{line} permit 10.0.0.0/8", f"{line} permit 10.1.0.0/16"),
         [f"no {line} permit 10.0.0.0/8", f"{line} permit 10.1.0.0/16"], f"no {line} permit 10.1.0.0/16")
        for platform in ("cisco_xe", "cisco_9800", "frr")
        for line in ("ip prefix-list EVENT seq 5",)
    ),
    *(
        ("frr", "route-map EVENT permit 10", (old, new), [new], f"no {new}")
        for old, new in (
            ("match ip address prefix-list A", "match ip address prefix-list B"),
            ("set local-preference 100", "set local-preference 200"),
        )
    ),
    *(
        (platform, section, (old, new), [new], taken_back)
        for platform in ("huawei_vrp", "huawei_ac")
        for section, old, new, taken_back in (
            ("interface GigabitEthernet0/0/1", "description an old one", "description a new one", "undo description"),
            ("interface GigabitEthernet0/0/1", "mtu 1400", "mtu 1500", "undo mtu"),
            ("bgp 65000", "peer 10.0.0.9 as-number 1", "peer 10.0.0.9 as-number 2", "undo peer 10.0.0.9"),
            ("bgp 65000", "peer 10.0.0.9 timer keepalive 10 hold 30", "peer 10.0.0.9 timer keepalive 1 hold 3",
             "undo peer 10.0.0.9 timer"),
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("platform", "section", "values", "there", "to_nothing"), CASES)
def test_one_of_a_kind(platform: str, section: str, values: tuple[str, str], there: list[str], to_nothing: str) -> None:
    old, new = values
    spec = describe(platform).spec.change
    assert spec is not None
    leave = [spec.section_exit] if section and spec.section_exit else []
    head, indent = ([section], " ") if section else ([], "")
    now, empty = (parse_tree("\n".join([*head, *lines])) for lines in ([f"{indent}{old}"], []))
    fragment = form_of(spec).parse("\n".join([*head, f"{indent}{new}"]), "test")
    then = form_of(spec).merge(now, fragment)
    assert list(form_of(spec).commands_between(now, then)) == [*head, *there, *leave]
    assert form_of(spec).merge(then, form_of(spec).parse("\n".join([*head, f"{indent}{old}"]), "test")) == now
    assert list(form_of(spec).commands_between(then, empty)) == [*head, to_nothing, *leave]
