"""Alerts of a watch: acts of people, routes, groups, dispatcher, calls (their words are in `locales/watch.po`)."""
