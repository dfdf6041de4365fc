"""Libraries that come with an extra of the package alone: loaded where they are used, and missed in one clear line."""

from __future__ import annotations

import importlib
from typing import Any

from colibri_geo.errors import MissingExtra


def load_extra(module: str, *, extra: str, purpose: str) -> Any:  # noqa: ANN401 - a module
    """Import a module that comes with an extra.

    Parameters
    ----------
    module : str
        Dotted name, such as ``matplotlib.pyplot``.
    extra : str
        The extra of ``pyproject.toml`` that brings it.
    purpose : str
        What needs it, for the message.

    Returns
    -------
    module

    Raises
    ------
    MissingExtra
        Where it is not installed.

    Examples
    --------
    >>> load_extra("json", extra="notebook", purpose="an example").loads("[1]")
    [1]
    >>> load_extra("no_such_library.part", extra="notebook", purpose="an example")
    Traceback (most recent call last):
    colibri_geo.errors.MissingExtra: an example needs no_such_library, which is not installed; \
install it with: pip install "colibri_geo[notebook]"
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"{purpose} needs {(error.name or module).partition('.')[0]}, which is not installed; "
            f'install it with: pip install "colibri_geo[{extra}]"'
        ) from error
