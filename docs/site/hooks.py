"""What MkDocs calls while it builds the site: pages from other folders, parts from the code, formulas."""

from __future__ import annotations

import html
import re
from typing import Any

from latex2mathml.converter import convert
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File
from parts import PAGES, ROOT, fill

_HOMES = {page: document for document, page in PAGES.items()}
_OPTION = re.compile("<code>(--?[a-z-]{1,24})</code>")
_FORMULA = re.compile(r'<(?P<tag>span|div) class="arithmatex">\\[(\[](?P<tex>.*?)\\[)\]]</(?P=tag)>', re.DOTALL)


def on_config(config: Any) -> Any:  # noqa: ANN401 - objects of MkDocs
    """Leave out the page for addresses that are not there, which only a server at the root of a host could show."""
    config.theme.static_templates.discard("404.html")
    return config


def on_files(files: Any, *, config: Any) -> Any:  # noqa: ANN401 - objects of MkDocs
    """Take documents of other folders in, as pages."""
    for document, page in PAGES.items():
        if files.get_file_from_path(page) is None:
            files.append(File.generated(config, page, abs_src_path=str(ROOT / document)))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:  # noqa: ANN401 - objects of MkDocs
    """Fill in what the code and other documents know."""
    own = page.file.generated_by is None
    try:
        return fill(markdown, home=f"docs/{page.file.src_uri}" if own else _HOMES[page.file.src_uri])
    except KeyError as error:
        raise PluginError(f"{page.file.src_uri}: {error} is not there; correct the part, or tell of it") from error


def on_page_content(content: str, **_: Any) -> str:  # noqa: ANN401 - objects of MkDocs
    """Set formulas as MathML, which browsers draw without a script, and names of options so that none is broken."""

    def draw(formula: re.Match[str]) -> str:
        display = "block" if formula["tag"] == "div" else "inline"
        return convert(html.unescape(formula["tex"]), display=display)

    return _OPTION.sub(r'<code class="option">\1</code>', _FORMULA.sub(draw, content))
