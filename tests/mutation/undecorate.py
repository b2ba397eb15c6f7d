"""Rewrites a module so that its decorated functions can be mutated, too.

mutmut leaves decorated functions alone. `@a def b(): …` is the same as `def b(): …` and
`b = a(b)` after it, which it mutates.
"""

import ast
from typing import Final, override

# mutmut knows these itself; the last only speak to the type checker.
_KEPT: Final = {"classmethod", "staticmethod"}
_DROPPED: Final = {"override", "overload"}


def undecorated(source: str) -> str:
    """Return a module's source with its functions' decorators as calls; comments are lost."""
    return ast.unparse(ast.fix_missing_locations(_Undecorate().visit(ast.parse(source))))


class _Undecorate(ast.NodeTransformer):
    @override
    def visit(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        for name, statements in ast.iter_fields(node):
            if isinstance(statements, list):
                setattr(node, name, [each for item in statements for each in _apart(item)])
        return node


def _apart(node: ast.AST) -> list[ast.AST]:
    """Return a function and the calls of its decorators, any other node as it is."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [node]
    decorators = [item for item in node.decorator_list if _name(item) not in _DROPPED]
    if [_name(item) for item in decorators] in [[name] for name in _KEPT]:
        node.decorator_list = decorators
        return [node]
    node.decorator_list = []
    target = ast.Name(node.name, ast.Store())
    return [
        node,
        *(
            ast.Assign([target], ast.Call(item, [ast.Name(node.name, ast.Load())], []))
            for item in reversed(decorators)
        ),
    ]


def _name(decorator: ast.expr) -> str:
    return decorator.id if isinstance(decorator, ast.Name) else ""
