"""The home page: firing alerts, key figures, dashboards and servers."""
