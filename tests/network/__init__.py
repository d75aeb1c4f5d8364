"""Tests of the network as facts and expectations describe it."""
