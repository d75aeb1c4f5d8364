"""What the lab's Huawei routers print, by subject."""
