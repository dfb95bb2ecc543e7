"""Recordings of a host: every picture as it changed, to be looked at again in the same screens.

A recording is JSON lines. The first names the format, its version and the host; each further one
holds a moment: a complete picture (`state`) or what changed since the one before (`changes`).
Complete pictures come again and again, so that a damaged line costs only what follows up to the
next of them.
"""
