"""Tests of the files of deploy/ on the software of others."""
