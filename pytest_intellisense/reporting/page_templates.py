"""The templates of the HTML pages, read once."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2

_SPACE_OF_STYLES = re.compile(r"\s*([{};,>])\s*|(?<=[a-z]:)\s+")
_SPACE_OF_SCRIPTS = re.compile(r" (=>|===|!==|&&|\|\||\?\?|<|>) ")


def template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


@functools.cache
def source(name: str) -> Any:
    """A style or script of ours as it goes into a page: without comments and needless space."""
    import markupsafe

    loader = _environment().loader
    assert loader is not None
    lines = (line.strip() for line in loader.get_source(_environment(), name)[0].splitlines())
    text = "\n".join(line for line in lines if line and not line.startswith("//"))
    needless = _SPACE_OF_STYLES if name.endswith(".css") else _SPACE_OF_SCRIPTS
    return markupsafe.Markup(needless.sub(r"\1", text))  # noqa: S704


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("pytest_intellisense", "reporting/templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
