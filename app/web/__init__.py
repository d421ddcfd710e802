"""What every HTTP surface shares: middleware, requests, responses, bodies, connections."""
