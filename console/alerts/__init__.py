"""The alerts page: firing, pending, silenced and resolved alerts, silences, and links to investigate."""
