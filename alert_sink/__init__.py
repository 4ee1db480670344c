"""Where alerts are delivered without any account: takes Alertmanager's webhook, keeps what came, shows it.

It also serves the runbooks, finds one affected trace per alert, and raises an alarm of its own
(StackWatchdogSilent) when the watchdog, an alert that always fires, stops arriving.

    python -m alert_sink --port 9095 --data .state/data/alert-sink
"""
