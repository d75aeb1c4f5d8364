"""An LTE base station behind MML, directly or through its element manager."""
