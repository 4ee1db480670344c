"""A receiver of alerts that needs no account: takes Alertmanager's webhook, stores the notifications, shows them.

The sink also serves the runbooks, finds one affected trace per alert, and raises its own alarm
(StackWatchdogSilent) when StackWatchdog, an alert that always fires, stops arriving.

    python -m alert_sink --port 9095 --data .state/data/alert-sink
"""
