"""What was written, in the domain's own types: the model, the computer, the goal, the request."""
