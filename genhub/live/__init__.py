"""The events process: streams wait in one loop, where the web server would keep a thread for each."""
