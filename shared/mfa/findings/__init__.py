"""
Why a figure is below 100 %, and what to do: findings, each with its page in ``docs/findings``.

    catalogue        every finding there can be, by its stable id
    finding          one finding, its subjects, and what mending it would buy
    of_accounts      what accounts show
    of_policies      what policies show, and what report-only ones would do if switched on
    of_attributes  what registered methods, names and domains show
    of_exceptions    what accepted exceptions are of use no longer
    of_requests      what requests show: the policy says this, the log that
"""
