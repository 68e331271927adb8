"""What TESTRADE imports to be tested: events out, injections in, and the gate between. Needs redis only.

Nothing is loaded before it is asked for: a reader of the wire contract alone does without redis.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from testrade_hooks.frames import RawFrameRecorder, processed_roi_frame
    from testrade_hooks.gate import AppGate, Refused
    from testrade_hooks.injection import Command, InjectionListener
    from testrade_hooks.publisher import EventPublisher
    from testrade_hooks.trimming import StreamTrimmer
    from testrade_hooks.wire import WireEvent, event

__all__ = [
    "AppGate",
    "Command",
    "EventPublisher",
    "InjectionListener",
    "RawFrameRecorder",
    "Refused",
    "StreamTrimmer",
    "WireEvent",
    "event",
    "processed_roi_frame",
]

_HOMES = {
    "AppGate": "gate",
    "Command": "injection",
    "EventPublisher": "publisher",
    "InjectionListener": "injection",
    "RawFrameRecorder": "frames",
    "Refused": "gate",
    "StreamTrimmer": "trimming",
    "WireEvent": "wire",
    "event": "wire",
    "processed_roi_frame": "frames",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
