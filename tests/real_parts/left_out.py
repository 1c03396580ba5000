"""A pytest plugin: a test whose part is missing is skipped, and the run ends by saying what was left out."""

import os
from collections import Counter
from collections.abc import Generator

import pytest

from tests.real_parts.missing import MissingPartError
from tests.real_parts.shared import RUN_DIR, begin_run, end_run

LEFT_OUT = "Left out: "


def pytest_configure(config: pytest.Config) -> None:
    if not _is_worker(config):
        begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not _is_worker(config) and RUN_DIR in os.environ:
        end_run()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    try:
        yield
    except MissingPartError as missing:
        _leave_out(missing)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    try:
        yield
    except MissingPartError as missing:
        _leave_out(missing)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    parts = {reason: tests for reason, tests in left_out.items() if reason.startswith(LEFT_OUT)}
    if parts:
        terminalreporter.section("left out, because this machine lacks a part", yellow=True)
    for reason, tests in sorted(parts.items()):
        terminalreporter.write_line(f"{reason} [{tests} test{'s' * (tests > 1)}]")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With ORDERS_TEST_REQUIRE_ALL=1 no test may be skipped, for whatever reason."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if _require_all() and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _leave_out(missing: MissingPartError) -> None:
    sentence = f"{LEFT_OUT}{missing}"
    if _require_all():
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def _reason(report: pytest.TestReport) -> str:
    return report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""


def _require_all() -> bool:
    return os.environ.get("ORDERS_TEST_REQUIRE_ALL") == "1"


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
