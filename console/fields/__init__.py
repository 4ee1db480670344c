"""Fields of a filter: what a person types survives until it is meant, whatever else on the page changes meanwhile."""

from console.fields.field import CheckField, ChoiceField, TextField, filter_chip

__all__ = ["CheckField", "ChoiceField", "TextField", "filter_chip"]
