"""Tasks that end with the block that started them."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Self


class TaskScope:
    """Cancels and awaits its tasks at the end of the block, even after an error.

    Unlike an `asyncio.TaskGroup` it doesn't wait for them to finish, and a task that fails
    doesn't end the others: the caller looks at each result.
    """

    def __init__(self) -> None:
        """Initialize without tasks."""
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def start[T](self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine along with the others."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        return task
