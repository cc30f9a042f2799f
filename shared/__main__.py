"""``python -m shared``: the command line. Run it through ``python dev.py``."""

if __name__ == "__main__":
    import signal
    import sys

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during the imports: no traceback
    from shared.cli.main import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
