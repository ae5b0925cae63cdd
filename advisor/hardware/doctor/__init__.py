"""What is wrong with this computer's memory and engine, and the report of it."""
