"""Validation as graphql-core does it, without the garbage: its visitors refer to themselves.

What such a visitor holds, the whole tree and its tokens, would stay in memory until somebody looks
for garbage. Its parts are internal to graphql-core (pinned below 3.4).
"""

from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    ParallelVisitor,
    TypeInfo,
    TypeInfoVisitor,
    ValidationContext,
    VariablesInAllowedPositionRule,
    Visitor,
    get_named_type,
    specified_rules,
    visit,
)
from graphql.validation.validate import (
    FragmentNestingVisitor,
    ValidationAbortedError,
    query_document_keys_to_validate,
)
from graphql.validation.validation_context import (
    NodeWithSelectionSet,
    VariableUsage,
    VariableUsageVisitor,
)

from app.graphql.garbage import let_go

_MOST_ERRORS = 100
"""Of one document, as graphql-core has it."""
_TOO_MANY = "Too many validation errors, error limit reached. Validation aborted."


class _VariablesInAllowedPosition(VariablesInAllowedPositionRule):
    """As the specification has it, but a relation takes a variable of any type.

    A key may be declared as ID or String and an object as Directus's `create_X_input`; the write
    path judges what comes.
    """

    def leave_operation_definition(self, operation: OperationDefinitionNode, *_place: Any) -> None:
        for usage in self.context.get_recursive_variable_usages(operation):
            if usage.type is not None and get_named_type(usage.type).name.endswith("_link"):
                self.var_def_map.pop(usage.node.name.value, None)
        super().leave_operation_definition(operation)


RULES = tuple(
    _VariablesInAllowedPosition if rule is VariablesInAllowedPositionRule else rule
    for rule in specified_rules
)


class _Context(ValidationContext):
    """As it is, but the visitors that look for variables are emptied, too."""

    def get_variable_usages(self, node: NodeWithSelectionSet) -> list[VariableUsage]:
        known = self._variable_usages.get(node)
        if known is None:
            types = self._type_info
            fragment = node if isinstance(node, FragmentDefinitionNode) else None
            found = VariableUsageVisitor(types, fragment)
            walker = TypeInfoVisitor(types, found)
            visit(node, walker)
            known = self._variable_usages[node] = found.usages
            _empty(found, walker)
        return known


def validated(
    schema: GraphQLSchema, tree: DocumentNode, *, suggests: bool
) -> tuple[GraphQLError, ...]:
    """What is wrong with a document; `suggests`: with names that are meant."""
    errors: list[GraphQLError] = []

    def add(error: GraphQLError) -> None:
        if len(errors) >= _MOST_ERRORS:
            raise ValidationAbortedError(_TOO_MANY)
        errors.append(error)

    types = TypeInfo(schema)
    context = _Context(schema, tree, types, add, hide_suggestions=not suggests)
    rules: list[Visitor] = [rule(context) for rule in RULES]
    fragments = {
        node.name.value: node
        for node in tree.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    if fragments:
        rules.insert(0, FragmentNestingVisitor(fragments))
    together = ParallelVisitor(rules)
    walker = TypeInfoVisitor(types, together)
    try:
        visit(tree, walker, query_document_keys_to_validate)
    except ValidationAbortedError as error:  # another, without the frames that it has gone through
        errors.append(GraphQLError(error.message))
    except RecursionError:
        errors.append(GraphQLError("Validation aborted."))
    finally:
        _empty(walker, together, *rules, context)
    for found in errors:  # one of a literal was raised by the scalar that reads it
        let_go(found)
    return tuple(errors)


def _empty(*parts: object) -> None:
    for part in parts:
        vars(part).clear()
