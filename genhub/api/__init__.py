"""What every API door shares: problem JSON, parsing, paging."""
