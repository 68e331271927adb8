"""IntelliSense: injection plans as pytest tests. The public names; each is loaded when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_intellisense.capture.reader import read_session
    from pytest_intellisense.capture.session import CaptureSession
    from pytest_intellisense.codec.plans import load_plan_file
    from pytest_intellisense.engine.bootstrap import PrecisionBootstrap
    from pytest_intellisense.engine.moc import MillisecondOptimizationCapture
    from pytest_intellisense.engine.ports import InjectionCommand
    from pytest_intellisense.errors import CaptureFailed, EnvironmentProblem, InjectionRefused, IntelliSenseError, PlanError
    from pytest_intellisense.model.pipeline import Diversion, PipelineSignature, Stage
    from pytest_intellisense.model.plan import InjectionPlan, InjectionStep, PlanCase
    from pytest_intellisense.model.results import PlanResult, StepExecutionResult, ValidationOutcome
    from pytest_intellisense.model.stimulus import (
        BrokerResponse,
        ConfigChange,
        OcrEvent,
        PriceUpdate,
        RawImageInjection,
        RawImageSequence,
        TradeCommand,
        TradingStateChange,
    )
    from pytest_intellisense.model.timeline import TimelineEvent
    from pytest_intellisense.model.validation import ValidationPoint
    from pytest_intellisense.replay.frames import ImageFileReplayInjector

_HOMES = {
    "capture.reader": ("read_session",),
    "capture.session": ("CaptureSession",),
    "codec.plans": ("load_plan_file",),
    "engine.bootstrap": ("PrecisionBootstrap",),
    "engine.moc": ("MillisecondOptimizationCapture",),
    "engine.ports": ("InjectionCommand",),
    "errors": ("CaptureFailed", "EnvironmentProblem", "InjectionRefused", "IntelliSenseError", "PlanError"),
    "model.pipeline": ("Diversion", "PipelineSignature", "Stage"),
    "model.plan": ("InjectionPlan", "InjectionStep", "PlanCase"),
    "model.results": ("PlanResult", "StepExecutionResult", "ValidationOutcome"),
    "model.stimulus": (
        "BrokerResponse",
        "ConfigChange",
        "OcrEvent",
        "PriceUpdate",
        "RawImageInjection",
        "RawImageSequence",
        "TradeCommand",
        "TradingStateChange",
    ),
    "model.timeline": ("TimelineEvent",),
    "model.validation": ("ValidationPoint",),
    "replay.frames": ("ImageFileReplayInjector",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [  # noqa: RUF022 - grouped by what they are for
    "InjectionPlan",
    "InjectionStep",
    "PlanCase",
    "ValidationPoint",
    "PipelineSignature",
    "Stage",
    "Diversion",
    "TradeCommand",
    "OcrEvent",
    "RawImageInjection",
    "RawImageSequence",
    "PriceUpdate",
    "BrokerResponse",
    "ConfigChange",
    "TradingStateChange",
    "load_plan_file",
    "MillisecondOptimizationCapture",
    "PrecisionBootstrap",
    "CaptureSession",
    "ImageFileReplayInjector",
    "InjectionCommand",
    "TimelineEvent",
    "read_session",
    "PlanResult",
    "StepExecutionResult",
    "ValidationOutcome",
    "IntelliSenseError",
    "PlanError",
    "EnvironmentProblem",
    "InjectionRefused",
    "CaptureFailed",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
