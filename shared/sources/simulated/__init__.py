"""
A simulated partner tenant with its own Graph, for the demonstration and the tests.

    people, applications   who signs in, and with what
    rows                   sign-ins as Graph beta writes them
    visits, story          what happens in thirty days, each sign-in with what it is meant to be
    partner                the tenant: people and log, equal for equal seed and last day
    truth                  what the figures have to be, counted without looking at a row
    site, faults           Graph without sockets: tokens, throttling, errors, and what goes wrong
    odata, sign_in_routes  ``$filter`` and the sign-in log by the documented rules
    mail_routes            ``sendMail``
    directory_people, directory_policies, directory_rest
                           the same people as a directory: groups, policies, roles, customers
    directory_routes, batch_routes, lists
                           the APIs that give these
    graph_server           a site on a loopback port
    simulation             all of it, running: `open_simulated`

It knows nothing of how the product reads or judges a record, and the product nothing of it: they
meet over HTTP. What is simulated says so in the tenant's name.
"""
