"""The small pieces that every page is made of. They know nothing of models and of this computer."""
