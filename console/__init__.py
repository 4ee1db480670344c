"""The console: dashboards, alerts, traces, logs and runbooks of the stack in a browser."""
