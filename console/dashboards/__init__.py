"""Shows Grafana dashboards (the JSON that `make dashboards` generates)."""
