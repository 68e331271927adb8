from helpers.redis_endpoints import endpoint, redis_server

__all__ = ["endpoint", "redis_server"]
