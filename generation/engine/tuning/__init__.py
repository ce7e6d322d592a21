"""Training of a LoRA between two orders, on the model that is loaded for them."""
