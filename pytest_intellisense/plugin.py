"""The pytest plugin: a table of contents."""
