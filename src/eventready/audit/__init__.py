"""The main job: read every device, evaluate the checks, and give a verdict per venue and service."""
