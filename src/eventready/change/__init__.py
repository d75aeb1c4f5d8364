"""Change: from an intent to a proven way back."""
