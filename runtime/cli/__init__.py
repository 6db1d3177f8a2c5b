"""The command `mission`. Read `main.py` first; each other file is one command or one kind of output."""
