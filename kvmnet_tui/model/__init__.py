"""The picture of the host: frozen dataclasses, replaced and never mutated, and pure look-ups."""
