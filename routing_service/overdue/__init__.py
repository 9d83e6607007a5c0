"""What is late, and what will be late soon."""
