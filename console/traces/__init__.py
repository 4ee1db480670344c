"""The traces pages: search, one trace as a waterfall, and the comparison of two traces."""
