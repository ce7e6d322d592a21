"""Files that were made to do harm, through the gates of pictures."""
