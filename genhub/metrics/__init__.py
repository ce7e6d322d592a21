"""What Prometheus reads at `/metrics`: of the hub from its rows, of this server from its answers."""
