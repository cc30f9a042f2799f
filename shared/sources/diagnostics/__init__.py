"""The storage account to which Entra's diagnostic settings archive sign-ins."""
