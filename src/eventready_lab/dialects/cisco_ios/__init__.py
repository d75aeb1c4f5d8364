"""A router with classic IOS: the lines of IOS XE, a chassis of its own."""
