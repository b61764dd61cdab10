enum PlaceholderEngines {}
