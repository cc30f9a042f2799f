"""The storage account that diagnostic settings of Entra archive sign-ins to."""
