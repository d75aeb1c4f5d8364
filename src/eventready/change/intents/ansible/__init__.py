"""Ansible playbooks on service hosts, run by ansible-runner from the workspace's own inventory."""
