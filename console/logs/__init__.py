"""The logs page: filter, histogram, field values with counts, and live tail."""
