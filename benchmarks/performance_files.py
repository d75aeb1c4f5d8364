"""Performance files of a day in a watch: python -m benchmarks.performance_files [--cells N] [--periods N] [--profile]

A file per quarter of an hour (TS 32.435, values by place, 18 counters for every figure of LTE) arrives in the folder of
a source, and is read as by a watch: counters, figures, records of all cells, and what is kept in the store. All cells
are expected. Printed: processor time in all, per cell and period, and as a multiple of that of expat on the same bytes,
without a handler and with two empty ones (the least of any reader in Python); the greatest resident size; size of the
store. Aims: 10,000 cells x 96 periods in 60 s and 300 MB.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.parsers import expat

from eventready.core.clock import Clock
from eventready.facts.performance.cell_records import SourceRead, observation_of
from eventready.facts.performance.cell_source import cell_sources
from eventready.facts.performance.folder import FILES_READ, FolderFiles, KeptFiles
from eventready.store.store import Store
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect
from eventready.workspace.settings.performance import PerformanceFile

COUNTERS = (
    "RRC.ConnEstabSucc", "RRC.ConnEstabAtt", "ERAB.EstabInitSuccNbr", "ERAB.EstabInitAttNbr",
    "RRU.CellUnavailableTime", "RRU.PrbTotDl", "RRU.PrbTotUl", "RRC.ConnMean", "RRC.ConnMax",
    "RRC.ConnEstabFaileNBCause.Congestion", "PAG.DiscardedNbr", "PAG.ReceivedNbr", "DRB.IPVolDl", "DRB.IPTimeDl",
    "HO.InterEnbOutSucc", "HO.InterEnbOutAtt", "ERAB.RelActNbr", "ERAB.SessionTimeUE",
)  # fmt: skip
QUARTER, BEGIN = timedelta(minutes=15), datetime(2031, 4, 29, tzinfo=UTC)
CELLS_OF_SITE = 6


def file_of(cells: int, end: datetime) -> bytes:
    """File of all cells in the quarter of an hour before a time."""
    types = "".join(f'<measType p="{place}">{name}</measType>\n' for place, name in enumerate(COUNTERS, 1))
    values = "".join(
        f'<measValue measObjLdn="ENodeBFunction={number // CELLS_OF_SITE},EUtranCellFDD=C{number:05}">\n'
        + "".join(f'<r p="{place}">{(number * place + end.hour) % 97}</r>\n' for place in range(1, len(COUNTERS) + 1))
        + "</measValue>\n"
        for number in range(cells)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<measCollecFile><fileHeader fileFormatVersion="32.435 V10.0">'
        f'<measCollec beginTime="{(end - QUARTER).isoformat()}"/></fileHeader><measData>'
        f'<managedElement localDn="ManagedElement=region"/><measInfo><granPeriod duration="PT900S" '
        f'endTime="{end.isoformat()}"/>{types}{values}</measInfo></measData>'
        f'<fileFooter><measCollec endTime="{end.isoformat()}"/></fileFooter></measCollecFile>\n'
    ).encode()


def controllers(cells: int) -> list[Device]:
    """Controllers with the cells, a thousand each."""
    return [
        Device(
            name=f"enb-{first:05}", role="bts_controller", platform="huawei_enb", hostname="192.0.2.1",
            expect=Expect.model_validate(
                {"cells": [{"name": f"C{n:05}", "venue": "hall"} for n in range(first, min(first + 1000, cells))]}
            ),
        )
        for first in range(0, cells, 1000)
    ]  # fmt: skip


def _arrive(folder: Path, cells: int, periods: int) -> Iterator[tuple[Clock, bytes]]:
    """Write the files one by one, and yield each with the time just after its period."""
    for number in range(1, periods + 1):
        end = BEGIN + number * QUARTER
        content = file_of(cells, end)
        file = folder / f"A{number:03}.xml"
        file.write_bytes(content)
        os.utime(file, (time.time() - 60 + number / 10,) * 2)
        yield Clock(offset=end + timedelta(minutes=5) - datetime.now(UTC)), content
        file.unlink()


def _of_expat(content: bytes, *, handled: bool) -> float:
    """Processor time of expat on a file, with empty handlers of the begin and the end of elements or without any."""
    parser = expat.ParserCreate()
    if handled:
        parser.StartElementHandler, parser.EndElementHandler = lambda _name, _attributes: None, lambda _name: None
    begun = time.process_time()
    parser.Parse(content, True)
    return time.process_time() - begun


def run(cells: int, periods: int, *, profiled: bool) -> dict[str, float]:
    """Return the figures of a day of files."""
    performance = PerformanceFile.model_validate({"sources": [{"name": "oss", "folder": "pm", "layout": "3gpp"}]})
    devices, profile = controllers(cells), cProfile.Profile()
    spent = bare = handled = 0.0
    rows = 0
    with tempfile.TemporaryDirectory(prefix="eventready-bench-") as home:
        folder = Path(home) / "pm"
        folder.mkdir()
        (source,) = cell_sources(Path(home), performance, devices)
        with Store(Path(home) / "watch.db") as store:
            files, kept = FolderFiles(source), store.current(FILES_READ)
            for number, (clock, content) in enumerate(_arrive(folder, cells, periods)):
                begun = time.process_time()
                if profiled:
                    profile.enable()
                read = KeptFiles(source.wanted(clock.now()).after, tuple(files.read(clock)))
                kept.put(f"{number % 6}", read)
                of_source = SourceRead(source.settings, source.layout, files.found)
                rows = sum(len(observation_of(one, [of_source], clock.now()).rows) for one in devices)
                profile.disable()
                spent += time.process_time() - begun
                bare += _of_expat(content, handled=False)
                handled += _of_expat(content, handled=True)
                if rows != cells:
                    raise RuntimeError(f"{rows} records of {cells} cells")
            size = (Path(home) / "watch.db").stat().st_size
    if profiled:
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)
    return {
        "cells": cells, "periods": periods, "cpu_s": round(spent, 1),
        "ms_a_cell_and_period": round(1000 * spent / cells / periods, 4),
        "times_expat": round(spent / bare, 2), "times_expat_with_handlers": round(spent / handled, 2),
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), "store_mb": round(size / 1e6, 1),
    }  # fmt: skip


def main() -> None:
    """Run the benchmark and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--periods", type=int, default=96)
    parser.add_argument("--profile", action="store_true", help="print the most expensive functions")
    given = parser.parse_args()
    print(json.dumps(run(given.cells, given.periods, profiled=given.profile)))


if __name__ == "__main__":
    main()
