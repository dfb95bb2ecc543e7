"""The smallest programs that do one thing this one does: what it cannot be quicker than."""
