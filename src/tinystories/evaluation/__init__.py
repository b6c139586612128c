"""Judge told stories: each metric by itself, all of them as a scorecard."""
