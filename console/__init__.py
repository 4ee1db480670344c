"""The console: dashboards, alerts, traces, logs and runbooks in a browser."""
