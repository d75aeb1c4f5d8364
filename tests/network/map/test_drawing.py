"""The drawn map: every text within its box in both languages, and the whole map in words."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from eventready.core.messages import LANGS, Lang, term
from eventready.network.map.drawing import LineState, MapBox, MapWords, network_map
from eventready.network.map.layout import lay_out
from eventready.network.map.tiers import Pair
from tests.network.map.graphs import networks

SVG = "{http://www.w3.org/2000/svg}"
STATUSES = ("fail", "warn", "not_measured", "waived", "pass")


def words(lang: Lang) -> MapWords:
    states: tuple[LineState, ...] = ("carrying", "lost", "not_measured")
    return MapWords(
        {status: term("terms:status", status, lang) for status in STATUSES},
        "Điểm lỗi đơn",
        {state: term("terms:status", "pass", lang) + state for state in states},
    )


@pytest.mark.parametrize("lang", LANGS)
def test_every_label_is_in_its_box(lang: Lang) -> None:
    nodes, lines = networks()["province"]
    wording = words(lang)
    boxes = [
        MapBox(node.name, node.tier, (node.name, wording.statuses[status]), status, single=number % 5 == 0)
        for number, node in enumerate(nodes)
        for status in (STATUSES[number % len(STATUSES)],)
    ]
    states: dict[Pair, LineState] = dict.fromkeys(lines, "carrying")
    states.update({lines[0]: "lost", lines[1]: "not_measured"})
    layout = lay_out([box.node() for box in boxes], lines)
    (chart,) = network_map(boxes, states, layout, wording, "Network").charts
    drawing = ET.fromstring(chart.svg)
    (group,) = drawing.iter(f"{SVG}g")
    texts = list(group.iter(f"{SVG}text"))
    assert len(texts) == 2 * len(boxes)
    places = [box for box in boxes for _ in box.lines]
    for box, text in zip(places, texts, strict=True):
        place = layout.boxes[box.name]
        left, base, long = (float(text.get(name, "0")) for name in ("x", "y", "textLength"))
        assert place.x < left
        assert left + long < place.x + place.width
        assert place.y < base < place.y + place.height
    for text in drawing.iter(f"{SVG}text"):
        if text not in texts:
            assert float(text.get("x", "0")) + float(text.get("textLength", "0")) <= float(drawing.get("width", "0"))
    for box in boxes:
        assert ", ".join(box.lines) in chart.alt
    assert f"{lines[0][0]} - {lines[0][1]}: {wording.lines['lost']}" in chart.alt
