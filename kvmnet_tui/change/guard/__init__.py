"""The guard: carries a change out, watches it, and takes it back unless somebody confirms.

It runs alone, as `python3 -I -S guard.pyz FOLDER`, from one file packed beside the plan: nothing
but the standard library, for the program itself may lie where only the network leads. Every state
is in the journal before it is acted on, so that a guard that was killed is taken over by the next.

    guard.pyz FOLDER           be the guard, or take over from one that died
    guard.pyz --watch FOLDER   see to it that there is one (where no systemd does)

In the folder: plan.json, journal.json, and the verbs `confirm`, `extend` and `cancel` as files that
the guard takes away once it has read them.

The modules import each other by relative names: in the packed file there is no `kvmnet_tui`.
"""
