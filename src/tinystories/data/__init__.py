"""From stories to batches: corpus, vocabulary, shards, datamodule."""
