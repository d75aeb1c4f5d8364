"""Catalogue of facts, with the record type of each.

A fact name is asked once per device and reading; `counter` facts only mean something as a difference and are read
twice, `--interval` apart, as are those of which an audit of devices compares two readings (`twice`).
"""

from __future__ import annotations

from dataclasses import dataclass

from eventready.facts import records as r


@dataclass(frozen=True)
class FactKind:
    """A fact: name, record type of its rows, and whether a second reading is due.

    `question`: field of the record with the question, of a fact that is asked in questions with a command each: about
    the answers of services, or the routes to addresses. `of_files`: no device is asked; rows of performance files.
    `of_changes`: rows of applied changes, held against the configuration.
    """

    name: str
    record: type[r.Fact]
    counter: bool = False
    question: str = ""
    twice: bool = False
    of_files: bool = False
    of_changes: bool = False

    @property
    def of_commands(self) -> bool:
        """True for a fact with commands of the platform."""
        return not (self.of_files or self.of_changes)

    @property
    def per_question(self) -> bool:
        """True for a fact with a command for each question of a device."""
        return bool(self.question)


CATALOGUE: dict[str, FactKind] = {
    kind.name: kind
    for kind in (
        FactKind("system", r.System),
        FactKind("cpu", r.Cpu),
        FactKind("memory", r.Memory),
        FactKind("temperature", r.Sensor),
        FactKind("power", r.Sensor),
        FactKind("fan", r.Sensor),
        FactKind("board", r.Sensor),
        FactKind("interface", r.Interface, counter=True),
        FactKind("address", r.InterfaceAddress),
        FactKind("port_speed", r.PortSpeed),
        FactKind("optic", r.Optic),
        FactKind("router_identity", r.RouterIdentity),
        FactKind("ospf_neighbour", r.RoutingPeer),
        FactKind("isis_neighbour", r.RoutingPeer),
        FactKind("bgp_neighbour", r.RoutingPeer),
        FactKind("bfd_session", r.BfdSession),
        FactKind("vrrp_group", r.GatewayGroup),
        FactKind("hsrp_group", r.GatewayGroup),
        FactKind("vrrp_failover", r.GatewayFailover),
        FactKind("hsrp_failover", r.GatewayFailover),
        FactKind("link_bundle", r.LinkBundle),
        FactKind("bundle_minimum", r.BundleMinimum),
        FactKind("default_route", r.Route),
        FactKind("default_route_v6", r.Route),
        FactKind("router_advertisement", r.RouterAdvertisement),
        FactKind("static_route", r.StaticRoute),
        FactKind("origin_route", r.OriginRoute, question="target"),
        FactKind("time_sync", r.TimeSync),
        FactKind("log_target", r.LogTarget),
        FactKind("saved_config", r.SavedConfig),
        FactKind("event_configuration", r.EventConfiguration, of_changes=True),
        FactKind("neighbour", r.Neighbour),
        FactKind("site", r.Site),
        FactKind("cell", r.Cell),
        FactKind("channel_load", r.ChannelLoad),
        FactKind("timeslot", r.Timeslot),
        FactKind("channel_requests", r.ChannelRequests, counter=True),
        FactKind("cell_performance", r.CellPerformance, of_files=True),
        FactKind("alarm", r.Alarm),
        FactKind("core_link", r.CoreLink),
        FactKind("access_point", r.AccessPoint),
        FactKind("wlan", r.Wlan),
        # Controllers answer by protocol: `access_point_uplink` covers CDP, `access_point_lldp` LLDP.
        FactKind("access_point_uplink", r.AccessPointUplink),
        FactKind("access_point_lldp", r.AccessPointUplink),
        # Controllers that answer by band need a question per band: `radio*` covers 5 and 6 GHz, `radio*_24` 2.4 GHz.
        FactKind("radio", r.Radio),
        FactKind("radio_24", r.Radio),
        FactKind("radio_load", r.RadioLoad, twice=True),
        FactKind("radio_load_24", r.RadioLoad, twice=True),
        FactKind("controller_pair", r.ControllerPair),
        FactKind("radius_server", r.RadiusServer),
        FactKind("disk", r.Disk),
        FactKind("service", r.ServiceUnit),
        FactKind("listener", r.Listener),
        FactKind("certificate", r.Certificate),
        FactKind("backend", r.Backend),
        FactKind("dns_answer", r.DnsAnswer),
        FactKind("dhcp_pool", r.DhcpPool),
        FactKind("nat_sessions", r.NatSessions),
        # Asked last: what a slow service costs in time costs no other fact.
        FactKind("answer_tcp", r.PortAnswer, question="question"),
        FactKind("answer_dns", r.ResolverAnswer, question="question"),
        FactKind("answer_http", r.PageAnswer, question="question"),
        FactKind("answer_ping", r.EchoAnswer, question="question", twice=True),
        FactKind("answer_ntp", r.ClockAnswer, question="question"),
        FactKind("answer_smtp", r.MailAnswer, question="question"),
        FactKind("answer_dhcp", r.LeaseAnswer, question="question"),
    )
}
