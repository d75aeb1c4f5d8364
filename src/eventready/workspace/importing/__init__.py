"""Import of devices into hosts.yaml: tables (CSV, XLSX), expectations, the merge; servers have a room of their own."""
