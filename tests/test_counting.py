"""Cases that tests have proved are counted at the end of a run: those of tests that passed, from every worker."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

pytest_plugins = ["pytester"]
CONFTEST = (Path(__file__).parent / "conftest.py").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _tests_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))


@pytest.mark.parametrize("workers", ["0", "2"])
def test_cases_are_counted_by_kind(pytester: pytest.Pytester, workers: str) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("""
        import pytest

        @pytest.mark.parametrize("intent", ["backup", "priority"])
        @pytest.mark.parametrize("platform", ["frr", "huawei_mml"])
        def test_there(proved, platform, intent):
            proved("there and back", platform, intent)

        def test_wrong(proved):
            proved("there and back", "frr", "none")
            assert False

        def test_faults(proved):
            for step in ("arm", "apply"):
                proved("fault", "inverse", step)
            proved("alone")
    """)
    result = pytester.runpytest_subprocess("-n", workers, "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(
        ["*cases proved*", "alone: 1", "fault: 2 (inverse 2)", "there and back: 4 (frr 2, huawei_mml 2)"],
        consecutive=True,
    )


def test_attacks_are_counted_by_family(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nmarkers = attack")
    pytester.makepyfile("import pytest; pytestmark = [pytest.mark.attack(family='files')]\ndef test_held(): pass")
    pytester.makepyfile(test_plain="assert False, 'not imported'")
    pytester.makepyfile(
        test_broken="""
        import pytest

        @pytest.fixture
        def broken(): assert False

        @pytest.mark.attack(family="devices")
        @pytest.mark.parametrize("number", [1, 2, 3])
        def test_three(number): assert number != 2 or pytest.skip()

        @pytest.mark.attack(family="devices")
        def test_fixture(broken): pass

        @pytest.mark.attack(family="devices")
        @pytest.mark.xfail(strict=True)
        def test_known(): assert False
        def test_not_chosen(): assert False
    """
    )
    result = pytester.runpytest_subprocess("-n", "2", "-m", "attack", "-p", "no:cacheprovider")
    table = ["family *tried *held *known", "devices *4 *2 *1", "files *1 *1 *0", "all *5 *3 *1"]
    result.stdout.fnmatch_lines(["==* attacks ==*", *table], consecutive=True)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_nothing_is_reported_where_nothing_was_counted(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile("def test_plain(): pass")
    assert "cases proved" not in pytester.runpytest_subprocess("-n", "0").stdout.str()
