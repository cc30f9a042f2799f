"""The commands, their progress, and the function app on this machine."""
