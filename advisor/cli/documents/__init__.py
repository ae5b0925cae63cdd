"""The answers as JSON: the contract that scripts are written against. Fields may be added, never renamed."""
