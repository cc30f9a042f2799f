"""
The use cases: the only room that knows all the others.

    composition   one set of settings as the parts of a process, and each tenant
    current       the one that this process uses
    storage       from the settings to an open store, and the host's queues
    setting_checks  checks all given settings before a command begins
    tenant        one tenant: its source, daily run, runs and directory
    access        how one tenant is reached
    sign_in_sources  from the setting SIGNIN_SOURCE to an open source
    daily         the steps of the daily run: plan, collect, publish
    stored_reports  which reports are owed, and whether a new one says the same
    slice_pull    one execution's pull of a slice, which keeps each page
    pace_lease    of the processes that read one tenant, one at a time sends requests
    day_run       those steps in one process: the command `run`
    queues        those steps as messages, for timers and queue functions; messages: their text
    runs          runs that somebody started over HTTP
    analysis      from exported records to a report, without an account or a store
    directory_snapshot  the directory behind a report, with every account judged
    publishing    from an assessment to the files of a report
    deliveries    what is made known of a day's report, and what became of it
    outgoing      what goes out: mails and cards; mailing: to each addressee
    delivery_decision  when: a pure decision on the facts
    once_only_delivery  once to each recipient
    mailers       from the setting MAILER to an open mailer
    http/         the API behind the routes; addresses: its paths
    once          parts that are made when they are first needed
"""
