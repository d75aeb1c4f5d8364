"""MML of Huawei's elements: reports and configuration objects."""
