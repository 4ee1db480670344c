"""A simulated model provider: the OpenAI HTTP API with latency, usage, faults and a ledger of all requests."""
