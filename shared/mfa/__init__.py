"""
What is true about MFA: pure values and functions. No clock, no I/O, no Azure.

    sign_in     one sign-in, as the logs tell it; merging the copies of one
    guid        what Entra's ids look like
    scope       which sign-ins concern Partner Center, and through which channel
    verdict     was MFA satisfied? the table, first match wins
    window      days, slices, the ledger, and which slices are owed
    rollup      what a stretch of sign-ins amounts to; addable
    requests    a window's sign-ins, each with its verdict, inherited where it has none of its own
    metrics     counts and shares
    breakdown   who and what makes up the missing share
    access_token  what an access token says of itself
    mandate     what Partner Center answers, by who did the MFA, and to one token's holder
    permissions which application permission of Graph each figure needs: the scope receipt
    accounts/   which accounts have MFA enforced, by what, and if not, why
    findings/   what keeps a figure below 100 %, and what to do about it
    report      one versioned JSON value that everything else renders
    assessment  from a window to what its report says
"""
