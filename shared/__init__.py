"""
partner-mfa-status: how much of what a partner's people and programs do is protected by MFA.

The rooms: `mfa` knows what is true (pure), `sources` brings sign-ins in, `stores` keeps what was
worked out, `delivery` shows it to people. `service` is the only module that knows all of them;
`function_app.py` and `__main__` call it.
"""
