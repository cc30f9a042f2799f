"""
partner-mfa-status: how much of what a partner's users and applications do is protected by MFA.

The rooms: `mfa` knows what is true (pure), `sources` reads sign-ins and the directory, `stores`
keeps the results, `delivery` shows them to people. `service` is the only room that knows all the
others; `function_app.py` and `cli` call it. Start with ``docs/architecture.md``.
"""
