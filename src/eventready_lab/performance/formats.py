"""Forms of performance files: measCollec XML of TS 32.435, and CSV with names of counters."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeAlias
from xml.etree import ElementTree

from eventready_lab.performance.cell_counters import CellLoad, standard_counters, vendor_counters

NAMESPACE = "http://www.3gpp.org/ftp/specs/archive/32_series/32.435#measCollec"


@dataclass(frozen=True)
class Period:
    """Period of a file: aware begin, and seconds."""

    begin: datetime
    seconds: int

    @property
    def end(self) -> datetime:
        """Aware end."""
        return self.begin + timedelta(seconds=self.seconds)


#: Content of a file: period, loads of cells, and names of objects by cell, where the workspace maps them.
Form: TypeAlias = Callable[[Period, Sequence[CellLoad], Mapping[str, str]], bytes]


def meas_collec(period: Period, cells: Sequence[CellLoad], names: Mapping[str, str]) -> bytes:
    """File of TS 32.435, with a block of measured objects for each controller or site and kind of cell."""
    end = period.end.isoformat(timespec="seconds")
    root = ElementTree.Element("measCollecFile", {"xmlns": NAMESPACE})
    header = ElementTree.SubElement(root, "fileHeader", fileFormatVersion="32.435 V10.0", vendorName="eventready lab")
    ElementTree.SubElement(header, "fileSender", localDn="SubNetwork=lab", elementType="EM")
    ElementTree.SubElement(header, "measCollec", beginTime=period.begin.isoformat(timespec="seconds"))
    for (element, lte), group in groupby(cells, lambda one: (_element(one, names), one.lte)):
        data = ElementTree.SubElement(root, "measData")
        ElementTree.SubElement(data, "managedElement", {"localDn": element} if element else {})
        info = ElementTree.SubElement(data, "measInfo", measInfoId="LTE" if lte else "GSM")
        ElementTree.SubElement(info, "granPeriod", duration=f"PT{period.seconds}S", endTime=end)
        ElementTree.SubElement(info, "repPeriod", duration=f"PT{period.seconds}S")
        measured = [(one, standard_counters(one, period.seconds)) for one in group]
        for place, name in enumerate(measured[0][1], 1):
            ElementTree.SubElement(info, "measType", p=str(place)).text = name
        for one, counters in measured:
            value = ElementTree.SubElement(info, "measValue", measObjLdn=_object(one, names))
            for place, counter in enumerate(counters.values(), 1):
                ElementTree.SubElement(value, "r", p=str(place)).text = str(counter)
            ElementTree.SubElement(value, "suspect").text = str(one.suspect).lower()
    footer = ElementTree.SubElement(root, "fileFooter")
    ElementTree.SubElement(footer, "measCollec", endTime=end)
    ElementTree.indent(root, "")
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _is_whole(name: str) -> bool:
    """True for the whole name of an object, in place of its last part."""
    return "=" in name


def _element(load: CellLoad, names: Mapping[str, str]) -> str:
    """Name of the managed element; empty for a cell with the whole name of its object in the workspace."""
    return "" if _is_whole(names.get(load.name, "")) else f"ManagedElement={load.device}"


def _object(load: CellLoad, names: Mapping[str, str]) -> str:
    name = names.get(load.name, load.name)
    if _is_whole(name):
        return name
    return f"ENodeBFunction=1,EUtranCellFDD={name}" if load.lte else f"BssFunction=1,GsmCell={name}"


def counter_csv(period: Period, cells: Sequence[CellLoad], names: Mapping[str, str]) -> bytes:
    """File of layout `huawei_csv` with the LTE cells; the layout has no counters of GSM."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    begin, minutes = period.begin.isoformat(" ", timespec="seconds"), period.seconds // 60
    measured = [(one, vendor_counters(one, period.seconds)) for one in cells if one.lte]
    heads = list(measured[0][1]) if measured else []
    rows.writerow(["Result Time", "Granularity Period", "Object Name", "Reliability", *heads])
    for one, counters in measured:
        trust = "Unreliable" if one.suspect else "Reliable"
        rows.writerow([begin, minutes, _row_name(one, names), trust, *counters.values()])
    return text.getvalue().encode()


def _row_name(load: CellLoad, names: Mapping[str, str]) -> str:
    name = names.get(load.name, load.name)
    if _is_whole(name):
        return name
    return f"{load.device}/Cell:eNodeB Function Name={load.device}, Local Cell ID={load.number}, Cell Name={name}"


#: Forms of files by layout.
FORMS: Mapping[str, Form] = {"3gpp": meas_collec, "huawei_csv": counter_csv}
