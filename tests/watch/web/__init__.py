"""Tests of the pages of the night."""
