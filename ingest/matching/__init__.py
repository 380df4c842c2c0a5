"""Crime matching as it runs: police files come in, crimes are matched with tracks, results are kept."""
