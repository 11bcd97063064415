"""What photostore answers over REST by itself."""
