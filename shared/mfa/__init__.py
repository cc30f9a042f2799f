"""
What is true about MFA: pure values and functions. No clock, no I/O, no Azure.

    sign_in       one sign-in as logged, and merging the copies of it
    guid          the format of Entra's ids
    scope         which sign-ins concern Partner Center, and through which channel
    verdict       was MFA satisfied? the decision table, first match wins
    window        days, slices, the ledger, and which slices are owed
    parts         what was read of a slice that is not whole yet
    kinds         what many sign-ins have in common, and what follows from that alone
    rollup        the sign-ins of a stretch of time; rollups can be added
    requests      a window's sign-ins with their verdicts, inherited if a record has no evidence
    metrics       counts and shares
    breakdown     which users and applications make up the missing share
    access_token  what an access token says about its user and application
    mandate       how Partner Center answers, by who did the MFA; the answer for one token
    permissions   which Graph application permissions each figure needs
    accounts/     which accounts have MFA enforced, by what, and if not, why
    findings/     what keeps a figure below 100 %, and what to do about it
    report        one versioned JSON value that everything else renders
    assessment    from a window to its report
    percent       shares in percent
"""
