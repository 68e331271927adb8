"""The documentation site: `./dev docs` builds build/docs from this folder, its reference pages from the code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pygments.lexers.data import JsonLexer

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from reference_pages import write_pages  # noqa: E402 - found beside this file only now

write_pages(HERE / "reference")

project = "IntelliSense"
author = "IntelliSense"
extensions = ["myst_parser"]
myst_heading_anchors = 3
exclude_patterns = ["reference_pages"]
html_theme = "furo"
html_title = "IntelliSense"
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
highlight_language = "none"
pygments_style = "tango"
pygments_dark_style = "monokai"


def setup(app: Any) -> None:
    app.add_lexer("jsonc", JsonLexer)
