"""
What keeps a figure below 100 %, and what to do about it: each finding has a page in docs/findings.

    catalogue        every possible finding, by its stable id
    finding          one finding, its subjects, and what fixing it would gain
    gains            what fixes gain for each figure, on their own and one after the other
    places           where each finding is fixed, and by whom
    first_step       the one step that gains most for the figure furthest behind
    request_summary  what findings need to know of a window's requests
    of_accounts      all findings about accounts
    of_policies      what policies leave open, and what report-only ones would enforce if on
    of_attributes    guests, account names, registered methods, legacy protocols, federated domains
    of_exceptions    accepted exceptions that have expired or are not needed
    of_requests      what the requests show, compared with what the policies say
    of_applications  the applications that make requests for users without MFA
"""
