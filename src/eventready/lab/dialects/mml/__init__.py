"""What Huawei's MML elements share: their reports, and their configuration objects."""
