"""Whether a model of an SDK tells all that the wire said, in the types that the SDK promises.

The SDKs forgive: a value of the wrong type comes back as it is, an unknown field is carried along
unseen, and whoever reads the attribute gets None. So each model is walked, and what it does not
tell is said.
"""

import datetime
import enum
import importlib
import typing

from azure.mgmt.recoveryservicesbackup import models as backup

#: Fields that recorded answers of the real Azure have and the SDK does not.
UNDECLARED = {
    ("AzureIaaSComputeVMProtectedItem", "softDeleteRetentionPeriod"),
    ("AzureIaaSVMJobTaskDetails", "taskType"),
}


def typed(model):
    """`model` as what it says it is: azure-mgmt-recoveryservicesbackup 11 finds no discriminator
    two levels down, and makes a bare `ProtectedItem` of that of a VM."""
    if type(model) is backup.ProtectedItem:
        kinds = backup.AzureIaaSVMProtectedItem.__mapping__
        return kinds.get(model.protected_item_type, type(model))(model)
    return model


def untold(model, where=""):
    """Sentences about what `model` hides; none when it is faithful."""
    model = typed(model)
    where = where or type(model).__name__
    fields = {field._rest_name: name for name, field in model._attr_to_rest_field.items()}
    hints = _hints(type(model))
    for key, wire in model._data.items():
        if key not in fields:
            if (type(model).__name__, key) not in UNDECLARED:
                yield f"{where}: the SDK knows no field `{key}` (it has {wire!r})"
        elif wire is not None:
            value = getattr(model, fields[key])
            yield from _value(value, hints[fields[key]], f"{where}.{fields[key]}", wire)


def _value(value, hint, where, wire):
    kinds = [kind for kind in _members(hint) if kind is not type(None)]
    if value is None:
        yield f"{where} is None, and the wire has {wire!r}"
    elif hasattr(value, "_attr_to_rest_field"):
        yield from untold(value, where)
    elif isinstance(value, list):
        (inner,) = [typing.get_args(kind)[0] for kind in kinds if typing.get_origin(kind) is list]
        for at, each in enumerate(value):
            yield from _value(each, inner, f"{where}[{at}]", wire[at])
    elif isinstance(value, dict) and any(typing.get_origin(kind) is dict for kind in kinds):
        (inner,) = [typing.get_args(kind)[1] for kind in kinds if typing.get_origin(kind) is dict]
        for key, each in value.items():
            yield from _value(each, inner, f"{where}[{key}]", wire[key])
    elif not _fits(value, kinds) or not _is_wire_of(value, wire):
        yield f"{where}: {wire!r} is not one of {[_name(kind) for kind in kinds]}"


def _fits(value, kinds):
    literals = [each for kind in kinds if typing.get_origin(kind) is typing.Literal
                for each in typing.get_args(kind)]
    enums = [kind for kind in kinds if isinstance(kind, enum.EnumMeta)]
    if enums:
        return isinstance(value, tuple(enums))
    if literals:
        return value in literals
    if isinstance(value, bool):
        return bool in kinds
    if isinstance(value, int) and float in kinds:
        return True
    return typing.Any in kinds or isinstance(
        value, tuple(kind for kind in kinds if isinstance(kind, type)))


def _is_wire_of(value, wire):
    """Numbers are numbers and all else is text: the SDKs make text of numbers in silence."""
    if isinstance(value, (bool, int, float)):
        return isinstance(wire, (int, float)) and isinstance(wire, bool) == isinstance(value, bool)
    return isinstance(wire, str) or isinstance(value, (list, dict))


def _members(hint):
    return typing.get_args(hint) if typing.get_origin(hint) is typing.Union else (hint,)


def _name(kind):
    return getattr(kind, "__name__", str(kind))


def _hints(model):
    models = importlib.import_module(model.__module__.rpartition(".")[0])
    return typing.get_type_hints(model, localns={"_models": models, "datetime": datetime})
