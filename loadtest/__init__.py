"""Load and faults that trip the alerts: scenarios, what is expected of each, and the proof that it came."""
