"""A customer's page: all that the hub knows of one user of a platform, for those who may see each part."""
