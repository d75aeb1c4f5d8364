"""Tests of planned works."""
