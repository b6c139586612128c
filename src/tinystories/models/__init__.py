"""The two families of language models, and the interface they share."""
