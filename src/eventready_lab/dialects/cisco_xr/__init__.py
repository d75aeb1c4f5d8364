"""A router with IOS XR: a candidate, and a commit on trial."""
