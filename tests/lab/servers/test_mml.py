"""MML: framed reports, logins that count, elements behind a manager."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from eventready_lab.embedded.lab_thread import LabThread
from tests.lab.conftest import KNOWN, machine
from tests.lab.small_dialects import MML
from tests.lab.tcp_client import TcpClient

pytestmark = pytest.mark.lab

LabOf = Callable[..., LabThread]
Connect = Callable[[tuple[str, int]], TcpClient]
END = "---    END\r\n\r\n"
LGI = f'LGI:OP="{KNOWN.username}",PWD="{KNOWN.password}";\r\n'


def element(name: str) -> object:
    return machine(name, MML, element=name.upper(), endpoint="mae-1")


@pytest.fixture
def manager(lab_of: LabOf) -> LabThread:
    return lab_of(element("e1"), element("e2"))


def ask(line: TcpClient, command: str) -> str:
    line.send(command + "\r\n")
    return line.until(END)


def test_an_element_by_itself_answers_after_the_login(lab_of: LabOf, tcp_client: Connect) -> None:
    line = tcp_client(lab_of(machine("bsc", MML)).address("bsc"))
    assert "not logged in" in ask(line, "DSP CELL:;")
    assert "RETCODE = 0  Success" in ask(line, LGI.strip())
    report = ask(line, "DSP CELL:;")
    lines = report.split("\r\n")
    assert lines[0].startswith("+++    bsc        20")
    assert lines[1].startswith("O&M    #")
    assert lines[2].endswith("DSP CELL:;%%")
    assert lines[3] == "RETCODE = 0  Operation succeeded."
    assert "(Number of results = 1)" in lines


def test_the_password_is_not_in_the_echo(lab_of: LabOf, tcp_client: Connect) -> None:
    line = tcp_client(lab_of(machine("bsc", MML)).address("bsc"))
    assert KNOWN.password not in ask(line, LGI.strip())


def test_several_elements_answer_at_one_address(manager: LabThread, tcp_client: Connect) -> None:
    assert manager.address("e1") == manager.address("e2")
    line = tcp_client(manager.address("e1"))
    ask(line, LGI.strip())
    assert "No NE is registered" in ask(line, "DSP CELL:;")
    assert "RETCODE = 0  Success" in ask(line, "REG NE:NAME=E1;")
    assert "e1-cell" in ask(line, "DSP CELL:;")
    assert "RETCODE = 0  Success" in ask(line, 'REG NE:NAME="E2";')
    assert "e2-cell" in ask(line, "DSP CELL:;")
    assert "RETCODE = 1" in ask(line, "REG NE:NAME=E9;")


def test_a_manager_takes_so_many_logins_and_no_more(manager: LabThread, tcp_client: Connect) -> None:
    first, second, third = (tcp_client(manager.address("e1")) for _ in range(3))
    assert "Success" in ask(first, LGI.strip())
    assert "Success" in ask(second, LGI.strip())
    assert "RETCODE = 1  Login User Count Must" in ask(third, LGI.strip())
    assert "Success" in ask(first, f'LGO:OP="{KNOWN.username}";')
    assert first.rest() == b""
    assert "Success" in ask(third, LGI.strip())


def test_a_login_that_is_lost_is_given_back(manager: LabThread, tcp_client: Connect) -> None:
    for _ in range(5):
        line = tcp_client(manager.address("e1"))
        while "Must" in ask(line, LGI.strip()):
            pass
        line.close()


def test_a_wrong_password_is_refused(manager: LabThread, tcp_client: Connect) -> None:
    line = tcp_client(manager.address("e1"))
    assert "RETCODE = 1" in ask(line, 'LGI:OP="netops",PWD="nope";')
    assert "not logged in" in ask(line, "REG NE:NAME=E1;")


def test_other_return_codes_unknown_commands_and_parameters(lab_of: LabOf, tcp_client: Connect) -> None:
    line = tcp_client(lab_of(machine("bsc", MML)).address("bsc"))
    ask(line, LGI.strip())
    assert "RETCODE = 20111  There is no data" in ask(line, "LST NOTHING:;")
    assert "RETCODE = 10  Unknown command" in ask(line, "DSP NONSENSE:;")
    assert "(Number of results = 0)" in ask(line, "DSP CELL:CELLID=7;")


def test_a_report_in_packets(lab_of: LabOf, tcp_client: Connect) -> None:
    line = tcp_client(lab_of(machine("bsc", MML)).address("bsc"))
    ask(line, LGI.strip())
    line.send("LST LONG:;\r\n")
    first, last = line.until(END), ""
    if first.count(END) < 2:
        last = line.until(END)
    found = first + last
    assert found.index("To be continued...") < found.index("second") < found.index("2 reports in total")
    assert found.count("+++") == 2


def test_commands_written_ahead_or_in_pieces(lab_of: LabOf, tcp_client: Connect) -> None:
    line = tcp_client(lab_of(machine("bsc", MML)).address("bsc"))
    line.send(LGI + "DSP CELL:;DSP ")
    assert "LGI" in line.until(END)
    assert "(Number of results = 1)" in line.until(END)
    line.send("CELL:;\r\n")
    assert "(Number of results = 1)" in line.until(END)


def test_faults_of_one_element_leave_the_others_alone(manager: LabThread, tcp_client: Connect) -> None:
    manager.inject("e1", "auth-refused")
    line = tcp_client(manager.address("e1"))
    assert "Success" in ask(line, LGI.strip())
    assert "RETCODE = 1  No authority" in ask(line, "REG NE:NAME=E1;")
    ask(line, "REG NE:NAME=E2;")
    assert "e2-cell" in ask(line, "DSP CELL:;")
    manager.inject("e2", "hang")
    line.send("DSP CELL:;\r\n")
    assert line.quiet()


def test_an_alarm_comes_between_and_answers_are_cut(manager: LabThread, tcp_client: Connect) -> None:
    manager.inject("e1", "prompt-log-line")
    line = tcp_client(manager.address("e1"))
    ask(line, LGI.strip())
    ask(line, "REG NE:NAME=E1;")
    line.send("DSP CELL:;\r\n")
    found = line.until("(Number of results = 1)")
    assert found.index("ALARM  77") < found.index("DSP CELL:;%%")
    manager.clear("e1", "prompt-log-line")
    manager.inject("e1", "truncated")
    line.until(END)
    assert "(Number of results" not in ask(line, "DSP CELL:;")


def test_a_dropped_session_ends_within_a_report(manager: LabThread, tcp_client: Connect) -> None:
    manager.inject("e1", "session-drop", {"after": 1})
    line = tcp_client(manager.address("e1"))
    ask(line, LGI.strip())
    ask(line, "REG NE:NAME=E1;")
    line.send("DSP CELL:;\r\n")
    assert b"END" not in line.rest()
