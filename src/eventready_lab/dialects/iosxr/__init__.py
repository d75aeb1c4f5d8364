"""Configuration, trial commit and answers of an IOS XR router."""
