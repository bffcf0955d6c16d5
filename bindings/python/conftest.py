"""The package stands beside this file: pytest puts its folder on the path."""
