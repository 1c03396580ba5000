"""What an environment costs a month on AWS: usage × measured consumption × a dated price table."""
