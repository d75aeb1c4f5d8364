"""Import from servers over the network: NetBox and Zabbix, and the requests to them."""
