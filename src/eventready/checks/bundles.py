"""Link bundles (LACP, Eth-Trunk): members that carry traffic against those expected."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.checks.answer import failed, passed, warned
from eventready.checks.check import Look, NoLimits, check
from eventready.checks.finding import Finding
from eventready.checks.ports import port_key
from eventready.facts.records import LinkBundle
from eventready.workspace.expect import ExpectedBundle


@check(
    "bundle",
    roles=("router",),
    needs=("link_bundle",),
    duties=("1.2b", "1.2c"),
    applies=lambda device: bool(device.expect.bundles),
)
def bundle(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """Every bundle is up with all its members."""
    rows = {port_key(row.name): row for row in look.rows("link_bundle", LinkBundle)}
    for expected in look.device.expect.bundles:
        yield _bundle(expected, rows.get(port_key(expected.name)))


def _bundle(expected: ExpectedBundle, row: LinkBundle | None) -> Finding:
    name = expected.name
    if row is None:
        return failed(name, "{subject} is expected and not there")
    in_use = len(row.bundled)
    least = max(expected.min_links, row.min_links or 1)
    if row.oper != "up":
        return failed(name, "{subject} is down")
    if in_use < least:
        return failed(name, "{subject}: members in use {value} (at least {limit})", value=in_use, limit=least)
    if in_use < expected.members:
        return warned(
            name, "{subject}: members in use {value} (expected {limit})", value=in_use, limit=expected.members
        )
    return passed(name, "{subject}: members in use {value}, all that are expected", value=in_use)
