"""Nothing but files: certificate designs, web pages, the starter clinic, the runbook, messages per language.

This module exists so that a folder of the same name in the working directory cannot take the package's place;
read the files with `importlib.resources.files("templates")`.
"""
