"""Input fields of filters. A refresh of the page does not overwrite a text that is being typed."""

from console.fields.field import CheckField, ChoiceField, TextField, filter_chip

__all__ = ["CheckField", "ChoiceField", "TextField", "filter_chip"]
