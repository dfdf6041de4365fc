"""The names that an analyst uses."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import colibri_geo

NAMES = sorted(set(colibri_geo.__all__) - {"__version__"})


def test_all_is_what_is_served() -> None:
    """`__all__`, `dir` and the lazy homes name the same things, once each."""
    assert sorted(colibri_geo._HOMES) == NAMES
    assert dir(colibri_geo) == sorted(colibri_geo.__all__)
    assert len(set(colibri_geo.__all__)) == len(colibri_geo.__all__)


@pytest.mark.parametrize("name", NAMES)
def test_name_is_there_and_explained(name: str) -> None:
    """Each public name is imported on first use, is the same thing as in its home, and has a docstring."""
    value = getattr(colibri_geo, name)
    assert value is getattr(importlib.import_module(f"colibri_geo.{colibri_geo._HOMES[name]}"), name)
    assert (inspect.getdoc(value) or "").strip()


def test_no_name_hides_a_package() -> None:
    """No public name is the name of a package or module: an import of one must never give the other."""
    modules = {module.name for module in pkgutil.iter_modules(colibri_geo.__path__)}
    assert modules.isdisjoint(colibri_geo.__all__)


def test_unknown_name_says_so() -> None:
    """A name that is not there is an AttributeError that points to the list."""
    with pytest.raises(AttributeError, match="public names are in __all__"):
        _ = colibri_geo.nonsense  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", [module.name for module in pkgutil.iter_modules(colibri_geo.__path__)])
def test_each_layer_lists_what_it_offers(module: str) -> None:
    """What a package says it offers is there."""
    layer = importlib.import_module(f"colibri_geo.{module}")
    for name in getattr(layer, "__all__", ()):
        assert getattr(layer, name) is not None
