"""Changes to the host's own networking: tried in what a reboot forgets, kept once confirmed.

    wish + facts -> findings (pre-flight), plan -> guard (another process) -> status -> history

`wishes` is what a user wants, `facts` what the host is like, `planner` makes a `plan` of both with
one of the `backends`; `guard` carries it out and back, whatever becomes of this program.
"""
