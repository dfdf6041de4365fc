"""Compile the kernels of the library when it is built or installed, where there is a C compiler.

Without one the library works all the same, slower: each kernel has a twin in NumPy that gives the same numbers.
"""

from __future__ import annotations

import os
import runpy
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags

SOURCE = Path("src", "colibri_geo", "core", "kernels.c")
# No multiplication is fused with an addition: the twins do not fuse them either.
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fPIC", "-shared")


class KernelHook(BuildHookInterface):
    """Put the compiled kernels beside their source, named after its checksum: others are never loaded."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling passes it
        """Compile before a wheel is put together, or an editable one."""
        source = Path(self.root, SOURCE)
        loader = runpy.run_path(str(source.with_name("compiled.py")))  # says by which name it will look for them
        library = source.with_name(loader["name_library"](source.read_bytes()))
        try:
            compile_kernels(source, library)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            self.app.display_warning(f"colibri_geo is built without its compiled kernels, and slower: {error}")
            return
        build_data["artifacts"].append(SOURCE.with_name(library.name).as_posix())
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{name_platform()}"  # of any Python: they are loaded by ctypes


def compile_kernels(source: Path, library: Path) -> None:
    """Compile, and remove what was made of other sources. Those who do so at once write the same file, each whole.

    Raises
    ------
    OSError, subprocess.SubprocessError, ValueError
        There is no compiler, it fails, or the folder cannot be written.
    """
    compiler = find_compiler()
    with tempfile.TemporaryDirectory(dir=library.parent, prefix=".kernels-") as folder:
        part = Path(folder, "part.so")
        command = [*compiler, *FLAGS, "-o", str(part), str(source), "-lm"]
        subprocess.run(command, check=True, capture_output=True, timeout=300)  # noqa: S603 - our own words
        part.replace(library)
    for former in library.parent.glob("kernels-*.so"):
        if former != library:
            former.unlink(missing_ok=True)


def find_compiler() -> list[str]:
    """Find a C compiler: what CC names, or one of the usual.

    Raises
    ------
    FileNotFoundError
        There is none, or it is that of Windows, which takes other words.
    ValueError
        CC cannot be taken apart.
    """
    named = shlex.split(os.environ.get("CC", ""))
    usual = [[name] for name in ("cc", "gcc", "clang") if shutil.which(name)]
    if sys.platform == "win32" or not (named or usual):
        raise FileNotFoundError("no C compiler was found")
    return named or usual[0]


def name_platform() -> str:
    """Name this kind of machine as installers do that know nothing of how widely a wheel could serve."""
    platforms = (tag.platform for tag in sys_tags())
    return next(name for name in platforms if not name.startswith(("manylinux", "musllinux")))
