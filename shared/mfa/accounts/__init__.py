"""
Which accounts have MFA enforced, by what, and if not, why.

    directory, policy, graph   what was read, as Graph returns it
    policy_reading             policies from JSON, and what is not understood in them
    truth, account_set         three-valued logic, for one account and for sets of them
    roster, classes            the accounts by index; classes of accounts with the same facts
    membership, guests         who is in which group, role or kind of guest
    grant, conditions, extent  what a policy requires, when, and which gaps it leaves
    conditional_access         what a policy demands, and whom it reaches
    account_facts              what is known about the tenant and about one class of accounts
    special_accounts           agents, directory synchronisation
    enforcement, causes        the answer, and the sentences that explain it
    unread                     what the answer would depend on if it is unknown
    changed_policy             the answer if a policy were changed
    second_opinion             what Entra's What If says of an account's sign-in
    disagreements              where that differs from our evaluation, which is then unknown
    assessment                 everything together: the figure, and a row per account
    verification               which accounts Entra is asked about, and what came of it
    exceptions                 accepted exceptions, reported next to the figure
"""
