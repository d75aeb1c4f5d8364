"""Forms of configuration: text to tree, differences, and the commands between two trees."""
