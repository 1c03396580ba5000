"""The consumers on AWS under AWS's faults: clock, queues, tables and faults follow from a seed."""
