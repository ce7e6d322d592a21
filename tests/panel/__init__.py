"""What pages load of the picture panel."""
