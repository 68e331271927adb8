"""Puts a run together: the only module that knows every adapter."""

from __future__ import annotations

import functools
import platform
import secrets
import time
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_intellisense.collecting.quick_collection import QuickCollection
from pytest_intellisense.collecting.report_hooks import RUN_OF_WORKER
from pytest_intellisense.collecting.session_results import SessionResults
from pytest_intellisense.errors import IntelliSenseError, SettingsError
from pytest_intellisense.settings import EMBEDDED, SERVER, Settings, resolve

if TYPE_CHECKING:
    import redis

    from pytest_intellisense.analytics.measurements import Origin
    from pytest_intellisense.capture.session import CaptureSession
    from pytest_intellisense.codec.scenario_files import ScenarioFiles
    from pytest_intellisense.collecting.gate_run import GateRun
    from pytest_intellisense.collecting.items import PlanItem
    from pytest_intellisense.collecting.known_issues import KnownIssues
    from pytest_intellisense.collecting.measuring import Measuring
    from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
    from pytest_intellisense.engine.operators import OperatorRegistry
    from pytest_intellisense.model.results import PlanResult
    from pytest_intellisense.reporting.rows import SessionRow
    from pytest_intellisense.streams.connection import Endpoint
    from pytest_intellisense.streams.injector import StreamInjector
    from pytest_intellisense.targets.embedded import EmbeddedTarget
    from pytest_intellisense.targets.external import ExternalTarget

_settings_key = pytest.StashKey[Settings]()
_runtime_key = pytest.StashKey["Runtime"]()
_known_issues_key = pytest.StashKey["KnownIssues"]()


def settings_of(config: pytest.Config) -> Settings:
    """The settings of this run, resolved once. Raises SettingsError."""
    if _settings_key not in config.stash:
        config.stash[_settings_key] = resolve(config)
    return config.stash[_settings_key]


def runtime_of(config: pytest.Config) -> Runtime:
    """The runtime of this run; whoever needs it first starts it."""
    if _runtime_key not in config.stash:
        config.stash[_runtime_key] = Runtime(config)
    return config.stash[_runtime_key]


def known_issues_of(config: pytest.Config) -> KnownIssues:
    from pytest_intellisense.collecting.known_issues import KnownIssues

    if _known_issues_key not in config.stash:
        config.stash[_known_issues_key] = KnownIssues(config.rootpath, settings_of(config).known_issues)
    return config.stash[_known_issues_key]


def prepare_run(config: pytest.Config) -> None:
    """Before collection, in a run that has plans: check the settings, and report in the process that owns the terminal."""
    try:
        settings = settings_of(config)
    except SettingsError as problem:
        raise pytest.UsageError(f"{problem}; {problem.hint}" if problem.hint else str(problem)) from None
    config.pluginmanager.register(QuickCollection(), "intellisense-quick-collection")
    if hasattr(config, "workerinput"):
        return
    if not settings.brings_its_app and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError(
            "one running TESTRADE takes one plan at a time: leave out -n, or use --intellisense-redis embedded or server"
        )
    from pytest_intellisense.collecting.gate_hooks import GateHooks
    from pytest_intellisense.collecting.interrupts import interrupt_on_signals
    from pytest_intellisense.collecting.known_issues import KnownIssueHooks
    from pytest_intellisense.collecting.report_hooks import ReportHooks

    interrupt_on_signals()

    gate = runtime_of(config).gate
    _check_gate(gate, settings)
    hooks = ReportHooks(config, settings.report_dir, runtime_of(config).session_row(), gate, settings.formats)
    config.pluginmanager.register(hooks, "intellisense-reports")
    config.pluginmanager.register(GateHooks(gate), "intellisense-gate")
    if issues := known_issues_of(config).all_of(config):
        config.pluginmanager.register(KnownIssueHooks(issues), "intellisense-known-issues")


def _check_gate(gate: GateRun, settings: Settings) -> None:
    from pytest_intellisense.collecting.gate_run import checked

    try:
        checked(gate, settings)
    except IntelliSenseError as problem:
        raise pytest.UsageError(f"{problem}; {problem.hint}") from None
    except ValueError as problem:
        raise pytest.UsageError(f"--intellisense-compare-fail: {problem}") from None


def attach_row(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Give the report of a plan item its row and its JUnit properties."""
    from pytest_intellisense.collecting.rerun import rerun_command
    from pytest_intellisense.collecting.rows import row_of
    from pytest_intellisense.reporting import junit, run_report

    row = row_of(item, call, report)
    if row is not None:
        row["rerun"] = rerun_command(item.config, item.path, item.nodeid)
        runtime = runtime_of(item.config)
        known_issues_of(item.config).excuse(item.path, report, row)
        run_report.attach(report, row, runtime.session_row())
        runtime.results.plan_ended(row)
        junit.record(item.user_properties, row)
        if item.config.getoption("xmlpath", None) and (attached := junit.attachments(row)):
            item.add_report_section("call", "stdout", attached)


def close_runtime(session: pytest.Session) -> None:
    """At the end of the session. A capture that failed after the last plan was judged fails the session."""
    runtime = session.config.stash.get(_runtime_key, None)
    if runtime is None:
        return
    try:
        runtime.results.end(int(session.exitstatus))
        runtime.close()
    except IntelliSenseError as problem:
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
        session.config.get_terminal_writer().line(f"{problem.domain}  {problem}", red=True)


class Runtime:
    """Target, capture and injector of one pytest process, started together and closed together.

    `start` tells every caller of the same problem: an unusable environment is looked for once, not once a plan.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.settings = settings_of(config)
        self._config = config
        self._started_epoch_s = time.time()
        self._problem: IntelliSenseError | None = None
        self._open: ExitStack | None = None
        worker = getattr(config, "workerinput", {})
        stamp = time.strftime("%Y%m%d_%H%M%S", time.gmtime(self._started_epoch_s))
        run = worker.get(RUN_OF_WORKER) or f"{stamp}-{secrets.token_hex(3)}"
        self.session_id = "-".join(part for part in (run, worker.get("workerid", "")) if part)
        self.results = SessionResults(self.session_dir, self.session_row)

    target: EmbeddedTarget | ExternalTarget
    endpoint: Endpoint
    client: redis.Redis
    capture: CaptureSession
    injector: StreamInjector
    moc: MillisecondOptimizationCapture

    @property
    def session_dir(self) -> Path:
        return self.settings.capture_dir / self.session_id

    @functools.cached_property
    def gate(self) -> GateRun:
        """The regression gate of this process."""
        from pytest_intellisense.collecting.gate_hooks import LAUNCHES
        from pytest_intellisense.collecting.gate_run import GateRun

        launches = getattr(self._config, "workerinput", {}).get(LAUNCHES)
        return GateRun(self.settings, self._origin, Path(launches) if launches else None)

    @property
    def measuring(self) -> Measuring:
        return self.gate.measuring

    def _origin(self) -> Origin:
        from pytest_intellisense.targets.machine import origin

        config = {
            "redis": self.settings.redis if self.settings.brings_its_app else "running application",
            "durability": self.settings.durability,
        }
        return origin(self.settings.rootdir, config, self.session_row()["versions"])

    def start(self) -> None:
        """Bring everything up on the first call. Raises EnvironmentProblem or CaptureFailed, each time the same."""
        if self._problem is not None:
            raise self._problem
        if self._open is not None:
            return
        with ExitStack() as opened:
            try:
                self._bring_up(opened)
            except IntelliSenseError as problem:
                self._problem = problem
                raise
            self._open = opened.pop_all()

    def run(self, item: PlanItem) -> PlanResult:
        """Start, see that the target can do what the plan asks of it, and run it. Raises as `start`."""
        case = item.case
        if self.settings.dry_run:
            from pytest_intellisense.engine.commands import StimulusFiles
            from pytest_intellisense.engine.dry_run import dry_run

            files = self._files()
            return dry_run(case, StimulusFiles(files.image, files.frames))
        self.start()
        if any(step.stimulus.type in ("raw_image_injection", "raw_image_sequence") for step in case.plan.steps):
            self.target.require_ocr()
        self.results.plan_begins(item)
        return self.moc.run(case)

    def close(self) -> None:
        """Close in the opposite order. Raises CaptureFailed if the capture had failed and no test was told."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def session_row(self) -> SessionRow:
        """The facts of this run for the head of every report."""
        from testrade_hooks.clock import clock_domain

        started = self._open is not None
        names = ("pytest-intellisense", "pytest", "redis", "fakeredis", "opencv-python", "pytesseract")
        return {
            "session_id": self.session_id,
            "host": platform.node(),
            "started_epoch_s": self._started_epoch_s,
            "duration_ns": round((time.time() - self._started_epoch_s) * 1e9),
            "redis": self.settings.redis_shown,
            "target": "reference application" if self.settings.brings_its_app else "running application",
            "contract_generation": self.capture.contract_generation() if started else "unknown",
            "durability": self.settings.durability,
            "versions": {name: version(name) for name in names},
            "clock_domain": clock_domain(),
            "dry_run": self.settings.dry_run,
        }

    def _bring_up(self, opened: ExitStack) -> None:
        from pytest_intellisense.capture.session import CaptureSession
        from pytest_intellisense.codec.bulk import BulkData
        from pytest_intellisense.housekeeping.disk_watch import DiskWatch
        from pytest_intellisense.streams.blobs import blob_reader
        from pytest_intellisense.streams.consumer import StreamConsumer
        from pytest_intellisense.streams.injector import StreamInjector
        from pytest_intellisense.targets.embedded import MAX_COMMANDS, MAX_PER_S
        from testrade_hooks.gate import TestGate

        settings = self.settings
        run_id = secrets.token_hex(8) if settings.brings_its_app else settings.run_id
        self.endpoint = self._endpoint(opened)
        self.client = self.endpoint.connect()
        opened.callback(self.client.close)
        consumer = StreamConsumer(self.endpoint, self.session_id, extra_streams=self._extra_streams())
        self.capture = CaptureSession(
            settings.capture_dir,
            self.session_id,
            consumer,
            durability=settings.durability,
            before_write=DiskWatch(settings.capture_dir).require,
            bulk=BulkData(blob_reader(self.endpoint)),
        )
        self.capture.start()
        opened.callback(self.capture.close)
        self.target = self._target(run_id)
        self.target.start()
        opened.callback(self.target.close)
        gate = TestGate(
            self.client,
            allowed=bool(run_id),
            run_id=run_id,
            allowed_hosts=settings.allow_hosts,
            max_per_s=MAX_PER_S if settings.brings_its_app else 500,
            max_commands=MAX_COMMANDS if settings.brings_its_app else 100_000,
        )
        self.injector = StreamInjector(self.client, self.capture, gate, run_id)
        self.moc = self._moc()

    def _endpoint(self, opened: ExitStack) -> Endpoint:
        from pytest_intellisense.streams.connection import embedded_endpoint, endpoint_of

        if self.settings.redis == EMBEDDED:
            import fakeredis

            return embedded_endpoint(fakeredis.FakeServer(version=(7, 4)))
        if self.settings.redis == SERVER:
            from pytest_intellisense.streams.server import PrivateServer

            server = PrivateServer()
            opened.callback(server.close)
            return server.start()
        return endpoint_of(self.settings.redis)

    def _target(self, run_id: str) -> EmbeddedTarget | ExternalTarget:
        from pytest_intellisense.targets.embedded import EmbeddedTarget
        from pytest_intellisense.targets.external import ExternalTarget

        return EmbeddedTarget(self.endpoint, run_id=run_id) if self.settings.brings_its_app else ExternalTarget()

    def _files(self) -> ScenarioFiles:
        from pytest_intellisense.codec.scenario_files import ScenarioFiles
        from pytest_intellisense.collecting.files import scenario_folder

        return ScenarioFiles(lambda folder: scenario_folder(folder / "plan", self._config.rootpath))

    def _moc(self) -> MillisecondOptimizationCapture:
        from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
        from pytest_intellisense.streams.other_readers import OtherReaders

        files = self._files()
        return MillisecondOptimizationCapture(
            self.capture,
            self.injector,
            images=files.image,
            manifests=files.frames,
            operators=self._operators(),
            readers=OtherReaders(self.client),
        )

    def _operators(self) -> OperatorRegistry:
        from pytest_intellisense.collecting.user_hooks import added_operators
        from pytest_intellisense.engine.operators import built_in_operators

        registry = built_in_operators()
        for name, compare in added_operators(self._config.hook, registry).items():
            registry.register(name, compare)
        return registry

    def _extra_streams(self) -> tuple[str, ...]:
        """The images that a running application may send apart from its events, and what users add."""
        from pytest_intellisense.collecting.user_hooks import added_streams
        from testrade_hooks import wire

        bulk = () if self.settings.brings_its_app else (wire.BULK_DATA,)
        return (*bulk, *added_streams(self._config.hook))
