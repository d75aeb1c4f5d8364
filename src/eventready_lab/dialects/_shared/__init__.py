"""Parts of several platforms: answers from templates, forwarding, agreement of state and configuration, Linux."""
