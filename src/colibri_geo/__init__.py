"""Find new straight cleared strips between satellite images of the same ground, and say what was not seen.

The names below are all an analyst needs. They are imported on first use, so ``import colibri_geo`` is quick and changes
nothing in the process.

The whole road in one call:

>>> import colibri_geo
>>> run = colibri_geo.compare("before.tif", "after.tif")  # doctest: +SKIP
>>> run.save("findings")  # doctest: +SKIP

The road step by step: `open_scene`, `survey`, `align`, `change`, `trace`, `score`, `attach`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from colibri_geo.errors import ColibriError
    from colibri_geo.evidence import verify
    from colibri_geo.layers.attachment import attach
    from colibri_geo.layers.geoboundaries import fetch_regions
    from colibri_geo.layers.reading import read_regions
    from colibri_geo.pairs import AlignedPair, ChangeMap, PairModel, align, change, survey
    from colibri_geo.pipeline.comparing import compare
    from colibri_geo.pipeline.run import Run, read_run
    from colibri_geo.pipeline.scanning import scan
    from colibri_geo.reporting.figures import plot_before_after
    from colibri_geo.scenes.fetching import fetch_scenes
    from colibri_geo.scenes.inspecting import inspect_scene
    from colibri_geo.scenes.opening import open_scene
    from colibri_geo.scenes.scene import Scene
    from colibri_geo.settings import Settings, load_settings
    from colibri_geo.sim import simulate_pair
    from colibri_geo.tracing.scoring import score
    from colibri_geo.tracing.tracing import trace

__version__ = "0.1.0.dev0"

__all__ = [
    "AlignedPair",
    "ChangeMap",
    "ColibriError",
    "PairModel",
    "Run",
    "Scene",
    "Settings",
    "__version__",
    "align",
    "attach",
    "change",
    "compare",
    "fetch_regions",
    "fetch_scenes",
    "inspect_scene",
    "load_settings",
    "open_scene",
    "plot_before_after",
    "read_regions",
    "read_run",
    "scan",
    "score",
    "simulate_pair",
    "survey",
    "trace",
    "verify",
]

_HOMES = {
    "AlignedPair": "pairs",
    "ChangeMap": "pairs",
    "ColibriError": "errors",
    "PairModel": "pairs",
    "Run": "pipeline.run",
    "Scene": "scenes.scene",
    "Settings": "settings",
    "align": "pairs",
    "attach": "layers.attachment",
    "change": "pairs",
    "compare": "pipeline.comparing",
    "fetch_regions": "layers.geoboundaries",
    "fetch_scenes": "scenes.fetching",
    "inspect_scene": "scenes.inspecting",
    "load_settings": "settings",
    "open_scene": "scenes.opening",
    "plot_before_after": "reporting.figures",
    "read_regions": "layers.reading",
    "read_run": "pipeline.run",
    "scan": "pipeline.scanning",
    "score": "tracing.scoring",
    "simulate_pair": "sim",
    "survey": "pairs",
    "trace": "tracing.tracing",
    "verify": "evidence",
}


def __getattr__(name: str) -> object:
    """Import a public name from its home when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; its public names are in __all__")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported yet or not."""
    return sorted(__all__)
