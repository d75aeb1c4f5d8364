"""Workspace: the files of the engineer, validated and frozen."""
