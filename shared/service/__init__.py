"""
The use cases; the only rooms that know all the others.

    analysis     exported records in, a report out, no account needed
    publishing   an assessment in, the files of a report out
    daily        the daily run's steps: plan, collect, publish
    day_run      those steps one after another in one process: the command `run`
    queues       those steps as messages: what timers and queue functions do
    runs         runs that somebody started through HTTP
    mailing      the report by mail, once to each recipient
    announcing   the report in a Teams channel, once
    people       the directory behind a report, every account judged
    callers      who asks, and what that caller may have
    serving      what the HTTP functions answer; searching finds customers among it
    composition  all of it, built out of the settings; setting_checks looks at these for commands
"""
