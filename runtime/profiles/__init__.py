"""Profiles: what operators may ask for, written as data and compiled to workflows of the engine; and environments.

Read `documents.py` for what stands in a profile, `compiling.py` for what comes out. Only `folder.py` and `installed.py`
reach for anything outside.
"""
