"""
Which accounts have MFA enforced, by what, and if not, why.

    directory, policy, graph   what was read, as Graph tells it
    people, roster, classes    sets of accounts, three-valued where membership was not read
    membership, guests         who is in which group, role, or kind of guest
    grant, conditions, extent  what a policy asks for, when, and what it leaves open
    conditional_access         the demand of a policy, and whom it reaches
    truth, standing            Kleene's logic; what is known of one class of accounts
    enforcement, causes        the answer, and the sentences that give its reasons
    what_if                    the answer if something were mended
    assessment                 all of it together: the figure, and a row per account
    exceptions                 what somebody has accepted, beside the figure
"""
