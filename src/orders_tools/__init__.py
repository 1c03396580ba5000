"""What builds, prices and deploys the project; part of neither deployable."""
