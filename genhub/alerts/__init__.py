"""What staff must be told while nobody looks: conditions that hold for a while, each told once when it begins and once
when it ends, by mail and by a webhook of the operator's own."""
