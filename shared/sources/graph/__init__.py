"""Microsoft Graph: sign-ins, and the directory with its policies and customers."""
