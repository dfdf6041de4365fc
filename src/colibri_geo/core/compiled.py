"""The kernels of ``kernels.c``, where the library was installed with a C compiler at hand.

Without them their twins in NumPy give the same numbers, slower. What is compiled carries the checksum of its source in
its name: what was made of another source is never loaded.
"""

from __future__ import annotations

import ctypes
import zlib
from ctypes import POINTER, Structure, c_char, c_double, c_float, c_int64, c_void_p
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np  # what builds the package reads this module, without libraries

SOURCE = Path(__file__).with_name("kernels.c")
_NO_MEMORY = -1
_Memory = c_char * 0  # of any length


class Threads(Structure):
    """``Threads`` of the source."""

    _fields_ = (
        ("images", c_void_p),
        ("seen", c_void_p),
        ("matrices", c_void_p),
        ("dates", c_int64),
        ("bands", c_int64),
        ("rows", c_int64),
        ("cols", c_int64),
        ("side", c_int64),
    )


class Mosaic(Structure):
    """``Mosaic`` of the source."""

    _fields_ = (
        ("tiles", c_void_p),
        ("nothing", c_void_p),
        ("tile_rows", c_int64),
        ("tile_cols", c_int64),
        ("side_bits", c_int64),
        ("planes", c_int64),
        ("dates", c_int64),
    )


class Look(Structure):
    """``Look`` of the source."""

    _fields_ = (
        ("row", c_double),
        ("col", c_double),
        ("down", c_double),
        ("right", c_double),
        ("aside_down", c_double),
        ("aside_right", c_double),
        ("window_row", c_int64),
        ("window_col", c_int64),
        ("first_station", c_int64),
        ("stations", c_int64),
        ("half_offsets", c_int64),
        ("offset_step", c_double),
        ("least_weight", c_double),
    )


class Field(Structure):
    """``Field`` of the source."""

    _fields_ = (
        ("values", c_void_p),
        ("weight", c_void_p),
        ("bands", c_int64),
        ("offsets", c_int64),
        ("stations", c_int64),
        ("first_station", c_double),
    )


class Rules(Structure):
    """``Rules`` of the source."""

    _fields_ = (
        ("step_px", c_double),
        ("core_rows", c_int64),
        ("gap_rows", c_int64),
        ("flank_rows", c_int64),
        ("least_of_zone", c_double),
        ("least_core", c_double),
        ("least_flanks", c_double),
        ("least_sum", c_double),
        ("bound", c_double),
        ("least_size", c_double),
        ("smoothing", c_void_p),
        ("steps", c_void_p),
        ("rounds", c_int64),
        ("tries", c_int64),
        ("least_level", c_double),
        ("inside", c_double),
        ("lowest_gain", c_double),
        ("highest_gain", c_double),
        ("core_px", c_double),
        ("near_parallel_px", c_double),
        ("least_known", c_double),
        ("least_standing", c_double),
        ("sigma", c_double),
        ("least_length_px", c_double),
        ("most_length_px", c_double),
    )


class Turn(Structure):
    """``Turn`` of the source."""

    _fields_ = (("start", c_double), ("stop", c_double), ("offset", c_double), ("slope", c_double))


def name_library(source: bytes) -> str:
    """Name the file that a source is compiled into."""
    return f"kernels-{zlib.crc32(source):08x}.so"


def load_kernels() -> ctypes.CDLL | None:
    """Load what was compiled; None where nothing was, or for another kind of machine."""
    try:
        kernels = ctypes.CDLL(str(SOURCE.with_name(name_library(SOURCE.read_bytes()))))
        kernels.cg_convolve.argtypes = [c_void_p, c_int64, c_int64, c_int64, c_void_p, c_void_p, c_void_p]
        kernels.cg_weave.argtypes = [POINTER(Threads), c_void_p]
        kernels.cg_merge_dates.argtypes = [c_void_p, c_int64, c_int64, c_int64, c_void_p]
        kernels.cg_straighten.argtypes = [POINTER(Mosaic), POINTER(Look), c_void_p, c_void_p]
        field, rules = POINTER(Field), POINTER(Rules)
        kernels.cg_find_mean_vectors.argtypes = [field, rules, c_int64, c_int64, c_void_p, c_int64, c_void_p]
        kernels.cg_map_contrast.argtypes = [field, rules, c_void_p, c_void_p]
        kernels.cg_take_turn.argtypes = [field, rules, c_int64, POINTER(Turn)]
        fits = (kernels.cg_find_mean_vectors, kernels.cg_map_contrast, kernels.cg_take_turn)
        for kernel in (kernels.cg_convolve, kernels.cg_weave, kernels.cg_merge_dates, kernels.cg_straighten, *fits):
            kernel.restype = c_int64
    except (OSError, AttributeError):  # a file that is not there, cannot be loaded, or lacks a kernel
        return None
    return kernels


def locate(array: np.ndarray[Any, Any], kind: type[Any] = c_float) -> int:
    """Return where an array lies in memory, for as long as it is kept.

    Parameters
    ----------
    array : ndarray
        Which a kernel takes as it lies there. One that must not be written to is there to be read.
    kind : type of ctypes
        Of what the kernel takes it for.

    Raises
    ------
    ValueError
        Where it is of another type, or lies in pieces.
    """
    view = array.data
    if view.format != kind._type_ or not view.c_contiguous:
        pieces = "" if view.c_contiguous else " in pieces"
        raise ValueError(f"an array of {array.dtype}{pieces}, expected {kind.__name__} in one piece")
    # What may be written to has a faster way.
    return array.ctypes.data if view.readonly else ctypes.addressof(_Memory.from_buffer(view))


def check(answer: int) -> int:
    """Return what a kernel answered; raise where it could not work.

    Raises
    ------
    MemoryError
    ValueError
        What was asked for is beyond the kernel.
    """
    if answer == _NO_MEMORY:
        raise MemoryError
    if answer < 0:
        raise ValueError("a kernel was asked for more bands than it has room for, or for fewer offsets than it needs")
    return answer


KERNELS = load_kernels()
"""None where the twins in NumPy do the work."""
