"""Compile the kernels of the library when it is built or installed, where there is a C compiler.

Without one the library works all the same, slower: each kernel has a twin in NumPy that gives the same numbers.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import zlib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path("src", "colibri_geo", "core", "kernels.c")
# No multiplication is fused with an addition: the twins do not fuse them either.
FLAGS = ("-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fPIC", "-shared")


class KernelHook(BuildHookInterface):
    """Put the compiled kernels beside their source, named after its checksum: others are never loaded."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling passes it
        """Compile before a wheel is put together, or an editable one."""
        source = Path(self.root, SOURCE)
        library = source.with_name(f"kernels-{zlib.crc32(source.read_bytes()):08x}.so")
        for former in source.parent.glob("kernels-*.so"):
            if former != library:
                former.unlink()
        if not compile_kernels(source, library):
            self.app.display_warning("no C compiler worked: colibri_geo is installed without its compiled kernels")
            return
        build_data["artifacts"].append(SOURCE.with_name(library.name).as_posix())
        # Of this kind of machine, but of any Python: they are loaded by ctypes.
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"


def compile_kernels(source: Path, library: Path) -> bool:
    """Compile; tell whether it worked. Two that do so at once write the same file, each whole."""
    compiler = find_compiler()
    if compiler is None:
        return False
    part = library.with_name(f"{library.name}.{os.getpid()}")
    command = [*compiler, *FLAGS, "-o", str(part), str(source), "-lm"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=300)  # noqa: S603 - our own words
        part.replace(library)
    except (OSError, subprocess.SubprocessError):
        return False
    finally:
        part.unlink(missing_ok=True)
    return True


def find_compiler() -> list[str] | None:
    """Find a C compiler: what CC names, or one of the usual; none for Windows, whose own takes other words."""
    if sys.platform == "win32":
        return None
    named = shlex.split(os.environ.get("CC", ""))
    return named or next(([name] for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
