"""The integration in a real Home Assistant: the driver and the demo."""
