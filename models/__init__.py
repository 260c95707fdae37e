"""What runs on tensors, and the chat models built on it."""
