"""The built-in missions, one file each. `catalog.py` names them all; `echo.py` is the smallest to read."""
