"""The cellar: values and rules that every floor may use, importing nothing of ours."""
