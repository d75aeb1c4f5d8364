"""Link bundles (LACP, Eth-Trunk): expected members against members in service."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.checks.answer import failed, missing, passed, warned
from eventready.checks.check import DeviceView, NoLimits, check, expects
from eventready.checks.finding import Finding
from eventready.facts.ports import port_key
from eventready.facts.records import LinkBundle
from eventready.workspace.devices.expect import ExpectedBundle


@check(
    "bundle",
    kind="state",
    topic="backup",
    roles=("router", "switch"),
    needs=("link_bundle",),
    applies=expects("bundles"),
    expected_only=True,
)
def bundle(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every bundle is up with all its members."""
    rows = {port_key(row.name): row for row in view.each_row("link_bundle", LinkBundle)}
    for expected in view.device.expect.bundles:
        yield _bundle(expected, rows.get(port_key(expected.name)))


def _bundle(expected: ExpectedBundle, row: LinkBundle | None) -> Finding:
    name = expected.name
    if row is None:
        return missing(name, "checks:subject.missing")
    in_use = len(row.bundled)
    least = max(expected.min_links, row.min_links or 1)
    if row.oper != "up":
        return failed(name, "checks:subject.down")
    if in_use < least:
        return failed(name, "checks:bundle.members_minimum", value=in_use, limit=least)
    if in_use < expected.members:
        return warned(name, "checks:bundle.members_expected", value=in_use, limit=expected.members)
    return passed(name, "checks:bundle.members_all", value=in_use)
