"""A Matplotlib backend for runs: Agg, with ``plt.show()`` putting the open figures into the cell's outputs.

Matplotlib loads it by the name ``module://headwater.notebook.kernel.inline``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

__all__ = ["FigureCanvas", "FigureManager", "shown"]

# What shows a figure, the innermost run's last.
shown: list[Callable[[Any], None]] = []


class FigureManager(FigureManagerBase):
    """Pyplot's manager of one figure."""

    @classmethod
    def pyplot_show(cls, *, block: Any = None) -> None:
        """Show all open figures, and so close them."""
        del block
        import matplotlib.pyplot as plt

        for number in plt.get_fignums():
            if shown:
                shown[-1](plt.figure(number))


class FigureCanvas(FigureCanvasAgg):
    """Agg's canvas."""

    manager_class = FigureManager
