"""The prompt one means to send, counted."""
