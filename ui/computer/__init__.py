"""This computer: its memories, what the doctor finds, and what is kept free."""
