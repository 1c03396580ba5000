"""The host under a seed: simulated time, network, threads and power; see docs/reliability.md."""
