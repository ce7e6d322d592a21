"""One file a vendor. The registry imports what an account names; nobody else does."""
