"""The command line: what a device echoes, pages, asks and refuses. No network: text in, text out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.conftest import machine
from tests.lab.sessions import TypedSession
from tests.lab.small_dialects import IOS, VRP, VTY


def test_a_banner_stands_before_the_first_prompt() -> None:
    session = TypedSession(IOS)
    assert session.channel.text == "\r\nAuthorised people only.\r\nr1>"


def test_input_is_echoed_and_lines_end_in_cr_lf() -> None:
    assert TypedSession(IOS).type("show port Gi1\n") == "show port Gi1\r\nGi1 up\r\nr1>"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\x00"])
def test_every_way_to_end_a_line_is_one_enter(end: str) -> None:
    assert TypedSession(IOS).type(f"{end}show port Gi1{end}").count("r1>") == 2


def test_on_the_vty_cr_lf_is_two_enters() -> None:
    assert TypedSession(VTY).type("\r\n").count("r1> ") == 2
    assert TypedSession(VTY).type("\r\x00").count("r1> ") == 1


def test_line_editing_erases_on_the_screen_too() -> None:
    session = TypedSession(IOS)
    assert session.type("shox\x7fw\n").startswith("shox\x08 \x08w\r\n")
    assert session.type("abc\x15show port Gi1\n").endswith("Gi1 up\r\nr1>")
    assert session.type("half a li\x03") == "half a li\r\nr1>"


def test_a_command_no_person_knows_is_pointed_at() -> None:
    answer = TypedSession(IOS).type("show foo bar\n")
    assert answer == "show foo bar\r\n        ^\r\n% Invalid input detected at '^' marker.\r\n\r\nr1>"


def test_half_a_command_is_incomplete() -> None:
    assert "% Incomplete command." in TypedSession(IOS).type("show\n")


def test_exec_does_not_know_what_needs_enable() -> None:
    assert "% Invalid input" in TypedSession(IOS).type("show running-config\n")
    assert "hostname r1" in TypedSession(IOS).enabled().type("show running-config\n")


def test_enable_asks_for_the_password_that_the_device_has() -> None:
    session = TypedSession(machine("r1", IOS, enable="en-pw"))
    assert session.type("enable\n").endswith("Password: ")
    assert session.type("wrong\n") == "\r\nPassword: "
    assert session.type("en-pw\n") == "\r\nr1#"
    assert session.type("disable\n").endswith("r1>")


def test_enable_gives_up_after_three_wrong_passwords() -> None:
    session = TypedSession(machine("r1", IOS, enable="en-pw"))
    session.type("enable\n1\n2\n")
    assert session.type("3\n") == "\r\n% Bad secrets\r\n\r\nr1>"


def test_a_login_by_password_shows_no_password() -> None:
    session = TypedSession(VTY, ask_login=True)
    assert session.channel.text.endswith("\r\nPassword: ")
    assert session.type("wrong\n") == "\r\nPassword: "
    assert session.type("s3cret-pw\n") == "\r\nr1> "
    assert "s3cret" not in session.channel.text


def test_a_login_that_fails_three_times_closes() -> None:
    session = TypedSession(VTY, ask_login=True)
    session.type("1\n2\n3\n")
    assert session.channel.closed


def test_long_output_is_paged_until_paging_is_off() -> None:
    session = TypedSession(IOS)
    page = session.type("show long\n")
    assert page.endswith("line 23\r\n --More-- ")
    assert "line 24" in session.type("\n")
    assert session.type(" ").endswith("line 47\r\n --More-- ")
    assert session.type("q").endswith("r1>")
    assert "line 60\r\nr1>" in session.type("terminal length 0\nshow long\n")
    assert "More" not in session.type("show long\n")


def test_paging_is_honoured_per_session() -> None:
    shared = machine("r1", IOS)
    first, second = TypedSession(shared), TypedSession(shared)
    first.type("terminal length 0\n")
    assert "More" in second.type("show long\n")
    assert "More" not in first.type("show long\n")
    assert "line 9\r\n --More--" in first.type("terminal length 10\nshow long\n")


def test_output_shorter_than_a_page_is_not_paged() -> None:
    assert "line 60\r\nr1>" in TypedSession(IOS).type("terminal length 62\nshow long\n")


def test_what_is_typed_ahead_is_answered_in_order() -> None:
    answer = TypedSession(IOS).type("terminal length 0\nshow port Gi1\nshow long\nshow port Gi1\n")
    assert answer.count("Gi1 up") == 2
    assert answer.index("line 60") < answer.rindex("Gi1 up")


def test_pipes_filter() -> None:
    session = TypedSession(IOS).enabled()
    assert session.type("show long | include 6\n").count("line") == 7
    assert "line 59\r\nline 60\r\n" in session.type("show long | begin 59\n")
    assert "= 7" in session.type("show long | count 6\n")
    assert "line 6\r\n" not in session.type("show long | exclude 6\n")
    assert "description old" in session.type("show running-config | section interface\n")
    assert "line" not in session.type("show long | include (\n").removeprefix("show long | include (")


def test_a_vty_without_pipes_does_not_know_them() -> None:
    assert "% Unknown command." in TypedSession(VTY).type("show long | include 6\n")


def test_configuration_lines_go_where_they_belong() -> None:
    session = TypedSession(IOS).enabled()
    assert session.type("configure terminal\n").endswith("CNTL/Z.\r\nr1(config)#")
    assert session.type("interface Gi1\n").endswith("r1(config-if)#")
    session.type("description new\nno ip address\nshutdown\n")
    assert session.type("hostname r2\n").endswith("r2(config)#")
    assert session.type("interface Gi1\n").endswith("r2(config-if)#")
    assert session.type("router ospf 1\n").endswith("r2(config-router)#")
    assert session.type("end\n").endswith("r2#")
    text = session.type("show running-config\n")
    assert "interface Gi1\r\n description new\r\n shutdown\r\n!" in text
    assert not session.machine.state.ports["Gi1"].admin_up
    assert session.machine.state.saved is False


def test_a_refused_line_changes_nothing_and_stays_in_its_mode() -> None:
    session = TypedSession(IOS).enabled()
    session.type("configure terminal\ninterface Gi1\n")
    before = session.machine.config.running
    assert session.type("nonsense 1\n").endswith("r1(config-if)#")
    assert "% Invalid input" in session.channel.text
    assert session.machine.config.running == before


def test_exit_leaves_one_mode_at_a_time() -> None:
    session = TypedSession(IOS).enabled()
    session.type("configure terminal\ninterface Gi1\n")
    assert session.type("exit\n").endswith("r1(config)#")
    assert session.type("exit\n").endswith("r1#")
    assert session.type("exit\n").endswith("\r\n")
    assert session.channel.closed


def test_do_shows_within_the_configuration() -> None:
    session = TypedSession(IOS).enabled()
    session.type("configure terminal\n")
    assert "Gi1 up" in session.type("do show port Gi1\n")
    assert "% Invalid input" in session.type("show port Gi1\n")


def test_saving_makes_the_device_saved() -> None:
    session = TypedSession(IOS).enabled()
    session.type("configure terminal\nhostname r9\nend\n")
    assert not session.machine.state.saved
    assert "[OK]" in session.type("write memory\n")
    assert session.machine.state.saved
    assert session.type("copy running-config startup-config\n").endswith("[startup-config]? ")
    assert "[OK]" in session.type("\n")


def test_a_candidate_waits_for_its_commit() -> None:
    session = TypedSession(VRP)
    assert session.type("system-view\n").endswith("[~r1]")
    assert session.type("interface Gi1\n").endswith("[~r1-Gi1]")
    assert session.type("shutdown\n").endswith("[*r1-Gi1]")
    assert session.machine.state.ports["Gi1"].admin_up
    assert session.type("commit\n").endswith("[~r1-Gi1]")
    assert not session.machine.state.ports["Gi1"].admin_up
    assert session.type("undo shutdown\n").endswith("[*r1-Gi1]")
    assert session.type("quit\nospf 1\narea 0.0.0.0\n").endswith("[*r1-ospf-1-area-0.0.0.0]")
    assert session.type("return\n").endswith("[Y(yes)/N(no)/C(cancel)]:")
    assert session.type("c\n").endswith("[*r1-ospf-1-area-0.0.0.0]")
    session.type("return\n")
    assert session.type("n\n").endswith("<r1>")
    assert not session.machine.config.pending
    assert not session.machine.state.ports["Gi1"].admin_up


def test_saving_with_a_question_can_be_declined() -> None:
    session = TypedSession(VRP)
    assert session.type("save\n").endswith("[Y/N]:")
    assert "Canceled" in session.type("n\n")
    session.type("save\n")
    assert "successfully" in session.type("y\n")


def test_too_many_sessions_are_turned_away() -> None:
    shared = machine("r1", IOS)
    taken = [TypedSession(shared) for _ in range(3)]
    late = TypedSession(shared)
    assert late.channel.text == "% No more lines\r\n"
    assert late.channel.closed
    late.session.ended()
    taken[0].session.ended()
    assert TypedSession(shared).channel.text.endswith("r1>")


def test_a_slow_device_answers_later_and_takes_input_meanwhile() -> None:
    session = TypedSession(IOS)
    session.machine.session_faults.delay_s = 2.0
    assert session.type("show port Gi1\nshow port Gi1\n") == "show port Gi1\r\n"
    assert [seconds for seconds, _ in session.channel.scheduled] == [2.0]
    session.channel.run()
    session.channel.run()
    assert session.channel.text.count("Gi1 up") == 2


def test_a_slow_echo_comes_before_its_answer_line_by_line() -> None:
    session = TypedSession(IOS)
    session.machine.session_faults.echo_s = 1.3
    assert not session.type("show port Gi1\nshow port Gi1\n")
    assert [seconds for seconds, _ in session.channel.scheduled] == [1.3]
    session.channel.run()
    assert session.channel.text.count("show port Gi1") == session.channel.text.count("Gi1 up") == 1
    session.channel.run()
    assert session.channel.text.count("show port Gi1") == session.channel.text.count("Gi1 up") == 2


def test_a_hanging_device_never_answers() -> None:
    session = TypedSession(IOS)
    session.machine.session_faults.hang = True
    assert session.type("show port Gi1\n") == "show port Gi1\r\n"
    assert session.type("show version\n") == ""


def test_a_session_that_drops_ends_within_an_answer() -> None:
    session = TypedSession(IOS)
    session.machine.session_faults.drop_after = 2
    session.type("show port Gi1\n")
    answer = session.type("show long\n")
    assert session.channel.closed
    assert "line 1" in answer
    assert not answer.endswith("r1>")


def test_garbage_is_no_text_and_the_prompt_follows() -> None:
    session = TypedSession(IOS)
    session.machine.session_faults.garbage = True
    answer = session.type("show port Gi1\n")
    assert answer.endswith("\r\nr1>")
    with pytest.raises(UnicodeDecodeError):
        answer.encode("utf-8", "surrogateescape").decode("utf-8")
    assert "Gi1 up" not in answer


def test_a_truncated_answer_ends_in_the_middle() -> None:
    session = TypedSession(IOS).enabled()
    session.machine.session_faults.truncated = True
    assert session.type("show long\n").endswith("r1#")
    assert "line 60" not in session.channel.text


def test_a_stuck_pager_says_yes_and_pages_on() -> None:
    session = TypedSession(IOS)
    session.machine.session_faults.pager_stuck = True
    assert session.type("terminal length 0\n").endswith("0\r\nr1>")
    assert session.type("show long\n").endswith(" --More-- ")


def test_a_log_line_in_the_prompt() -> None:
    session = TypedSession(IOS)
    session.machine.session_faults.log_in_prompt = True
    lines = session.type("show port Gi1\n").split("\r\n")
    assert lines[1:3] == ["Gi1 up", "r1>"]
    assert "%LINK-3-UPDOWN" in lines[3]
    assert lines[4] == "r1>"


def test_a_dialect_without_a_prompt_for_a_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="config-router"):
        replace(IOS, prompts={mode: text for mode, text in IOS.prompts.items() if mode != "config-router"})


@given(st.text(max_size=200))
def test_whatever_is_typed_the_shell_goes_on(text: str) -> None:
    for dialect in (IOS, VRP, VTY):
        session = TypedSession(dialect)
        session.type(text)
        if not session.channel.closed:
            session.type("\x03\n")
            assert session.session.prompt_text()


@given(st.text(alphabet="show long|\r\n \x7f", max_size=60), st.integers(1, 7))
def test_how_input_is_cut_into_packets_does_not_matter(text: str, size: int) -> None:
    whole, parts = TypedSession(IOS), TypedSession(IOS)
    whole.type(text)
    for at in range(0, len(text), size):
        parts.type(text[at : at + size])
    assert whole.channel.text == parts.channel.text
    assert whole.channel.closed == parts.channel.closed


def test_a_line_of_a_megabyte_is_cut() -> None:
    session = TypedSession(IOS)
    assert len(session.type("x" * 1_000_000)) == 4096
    assert "% Invalid" in session.type("\n")


def test_a_rendering_that_breaks_is_logged_and_ends_the_session(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_view: object) -> str:
        raise ZeroDivisionError

    session = TypedSession(replace(IOS, shows={"show version": broken}))
    session.type("show version\n")
    assert session.channel.closed
    assert "r1 (cisco_xe) cannot answer" in caplog.text
