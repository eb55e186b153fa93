from tests.servers.fixtures import catcher, demo, postfix, redis_url

__all__ = ["catcher", "demo", "postfix", "redis_url"]
