"""Rectangles of pixels, and their arithmetic."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Window:
    """A rectangle of pixels; it may lie outside of the image it is cut from.

    Attributes
    ----------
    row, col : int
        First row and column, 0 is the first pixel of the image; negative values lie above or left of it.
    rows, cols : int
        Number of rows and columns, 0 or more.

    Examples
    --------
    >>> Window(0, 0, 4, 6).padded(2)
    Window(row=-2, col=-2, rows=8, cols=10)
    >>> Window(-2, -2, 8, 10).clipped(4, 6)
    Window(row=0, col=0, rows=4, cols=6)
    >>> Window(0, 0, 4, 6).cut(Window(2, 3, 9, 9)), Window(0, 0, 4, 6).joined(Window(2, 3, 9, 9))
    (Window(row=2, col=3, rows=2, cols=3), Window(row=0, col=0, rows=11, cols=12))
    """

    row: int
    col: int
    rows: int
    cols: int

    @property
    def empty(self) -> bool:
        """Whether the window holds no pixel."""
        return self.rows <= 0 or self.cols <= 0

    @property
    def end_row(self) -> int:
        """The row after the last."""
        return self.row + self.rows

    @property
    def end_col(self) -> int:
        """The column after the last."""
        return self.col + self.cols

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices; only of use where the window lies inside the array."""
        return slice(self.row, self.row + self.rows), slice(self.col, self.col + self.cols)

    def padded(self, margin: int) -> Window:
        """Return the window grown by `margin` pixels on each side."""
        return Window(self.row - margin, self.col - margin, self.rows + 2 * margin, self.cols + 2 * margin)

    def clipped(self, rows: int, cols: int) -> Window:
        """Return the part of the window that lies inside an image of `rows` by `cols` pixels."""
        row, col = min(max(self.row, 0), rows), min(max(self.col, 0), cols)
        end_row, end_col = min(self.row + self.rows, rows), min(self.col + self.cols, cols)
        return Window(row, col, max(end_row - row, 0), max(end_col - col, 0))

    def cut(self, other: Window) -> Window:
        """Return the part of the window that lies in another; empty where none does."""
        row, col = max(self.row, other.row), max(self.col, other.col)
        end_row, end_col = min(self.end_row, other.end_row), min(self.end_col, other.end_col)
        return Window(row, col, max(end_row - row, 0), max(end_col - col, 0))

    def joined(self, other: Window) -> Window:
        """Return the smallest window around this one and another."""
        row, col = min(self.row, other.row), min(self.col, other.col)
        end_row, end_col = max(self.end_row, other.end_row), max(self.end_col, other.end_col)
        return Window(row, col, end_row - row, end_col - col)

    def snapped(self, step: int) -> Window:
        """Return the smallest window around this one whose edges are multiples of `step`."""
        row, col = self.row // step * step, self.col // step * step
        end_row, end_col = -(-(self.row + self.rows) // step) * step, -(-(self.col + self.cols) // step) * step
        return Window(row, col, end_row - row, end_col - col)

    def relative_to(self, outer: Window) -> Window:
        """Return the same pixels counted from the first pixel of `outer`."""
        return Window(self.row - outer.row, self.col - outer.col, self.rows, self.cols)
