"""
A Graph that follows the documented rules, and the made-up tenants behind it.

For the demonstration, the tests and the benchmarks. It is never deployed, and nothing in `shared`
imports it.

    graph       what Graph does: tokens, paging, filters, throttling, faults
    tenants     who is there, what happens in thirty days, and what the figures must be
    simulation  both together, on a loopback port
"""
