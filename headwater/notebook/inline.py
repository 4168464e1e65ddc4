"""A Matplotlib backend for runs: Agg, with ``plt.show()`` putting the open figures into the cell's outputs.

Matplotlib loads it by the name ``module://headwater.notebook.inline``.
"""

from __future__ import annotations

from typing import Any

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from headwater.notebook.display import close_figures
from headwater.notebook.outputs import Recorder, Shown

__all__ = ["FigureCanvas", "FigureManager", "show_in"]

_recorders: list[Recorder] = []


def show_in(recorder: Recorder | None) -> None:
    """Send what is shown to this recorder from now on; None goes back to the one before."""
    if recorder is None:
        _recorders.pop()
    else:
        _recorders.append(recorder)


class FigureManager(FigureManagerBase):
    """Pyplot's manager of one figure."""

    @classmethod
    def pyplot_show(cls, *, block: Any = None) -> None:
        """Show all open figures."""
        del block
        shown = close_figures()
        if _recorders:
            for bundle in shown:
                _recorders[-1].add(Shown(bundle))


class FigureCanvas(FigureCanvasAgg):
    """Agg's canvas."""

    manager_class = FigureManager
