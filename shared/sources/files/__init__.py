"""Files: exported sign-ins, a directory file, a file of accepted exceptions."""
