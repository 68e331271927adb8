"""The system calls of a process as strace wrote them down: file names and contents whole, in the order in which they ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.workload_runs import strace

TRACED = (
    "open,openat,creat,close,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync,syncfs,sync_file_range,truncate,ftruncate,"
    "fallocate,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,sendfile,copy_file_range"
)
_LINE = re.compile(r"(\d+) +(\d+\.\d+) (.*)")
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)(.*)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


@dataclass(frozen=True)
class Call:
    """`texts`: the strings among the arguments, as bytes; `arguments`: all of them, as strace writes them."""

    at_s: float
    name: str
    arguments: str
    texts: tuple[bytes, ...]
    result: int

    @property
    def descriptor(self) -> int:
        return int(self.arguments.partition(",")[0])

    @property
    def path(self) -> Path:
        return Path(self.texts[0].decode())


def recording_strace(output: Path) -> list[str]:
    """The beginning of a command line that runs the rest and writes its system calls to `output`."""
    return strace("-ttt", "-xx", "-s", "100000000", "-e", f"trace={TRACED}", "-e", "signal=none", output=output)


def calls_in(trace: Path) -> Iterator[Call]:
    """All calls that ended; one that was interrupted by another thread counts when it ended."""
    begun: dict[str, str] = {}
    for line in trace.read_text().splitlines():
        found = _LINE.match(line)
        assert found, line[:200]
        process, at_s, rest = found[1], float(found[2]), found[3]
        if rest.endswith("<unfinished ...>"):
            begun[process] = rest.removesuffix("<unfinished ...>").rstrip()
            continue
        if resumed := _RESUMED.match(rest):
            rest = begun.pop(process) + resumed[1]
        if call := _CALL.match(rest):
            yield Call(at_s, call[1], call[2], _texts(call[2]), int(call[3]))


def _texts(arguments: str) -> tuple[bytes, ...]:
    found = [*_TEXT.finditer(arguments)]
    assert not any(text[2] for text in found), "strace cut a string off"
    return tuple(bytes.fromhex(text[1].replace("\\x", "")) for text in found)
