"""The API's contract as a client sees it: one suite, and every host passes it."""
