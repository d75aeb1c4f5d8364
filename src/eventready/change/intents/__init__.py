"""Intents: templates rendered for their devices, and playbooks for service hosts."""
