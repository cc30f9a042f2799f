"""The command line: commands, progress, and the function app on this machine."""
