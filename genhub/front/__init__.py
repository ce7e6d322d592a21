"""The web server: one loop reads requests and writes answers whole; threads run the application between the two.

No thread ever waits for a client, so as many slow ones as there are connections hold nobody up.
"""
