"""Import of devices into hosts.yaml: from tables (CSV, XLSX) and from NetBox."""
