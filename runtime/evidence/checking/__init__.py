"""The checks of a bundle, a file for each group. `verify.py` puts them in order; none of them hides another."""
