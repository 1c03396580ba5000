"""What is written about the project: its commands work, and it says what is true."""
