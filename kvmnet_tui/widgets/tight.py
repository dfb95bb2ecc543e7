"""Painting of changed cells alone.

Textual 8 paints a change from the left edge of its widget on: a cell at the right end of a wide
table would cost the whole line on a slow SSH link.
"""

from rich.console import Console
from textual._compositor import ChopsUpdate


class TightUpdate(ChopsUpdate):
    """The same update, each span from its own first cell to its last."""

    @classmethod
    def of(cls, update: ChopsUpdate) -> "TightUpdate":
        """Take over what is to be painted."""
        return cls(update.chops, update.spans, update.chop_ends)

    def render_segments(self, console: Console) -> str:
        """The update as text and escape sequences."""
        return "".join(
            sequence for y, x1, x2 in self.spans for sequence in self._span(console, y, x1, x2)
        )

    def _span(self, console: Console, y: int, x1: int, x2: int) -> list[str]:
        sequences = []
        for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
            start, stop = max(x, x1), min(end, x2)
            if strip is not None and start < stop:
                sequences.append(f"\x1b[{y + 1};{start + 1}H")
                sequences.append(strip.crop(start - x, stop - x).render(console))
        return sequences
