"""The failover drill: take a member down on purpose, measure what that costs, bring it back.

`plan` says whether it may be done and how, `statistics` what the probes mean; both are pure.
`prober` and `restorer` are programs of their own that use the standard library only: the first
must not be late because a screen is painted, the second must outlive whatever started it.
"""
