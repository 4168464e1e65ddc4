"""``headwater explain``: an explanation as lines of text."""

from __future__ import annotations

from headwater.lakehouse import Settings

__all__ = ["print_explanation"]


def print_explanation(request_id: str, payload_table: str = "", project: str = "") -> None:
    """Print a logged request, and each value that its predictions were made of."""
    from headwater.project import load_project
    from headwater.serving.explain import explain_request
    from headwater.training import use_store

    settings = Settings()
    use_store(settings)
    table = payload_table or load_project(project).payload_table
    explanation = explain_request(settings, table, request_id)
    line = explanation.line
    print(
        f"Request {line['databricks_request_id']} of {line['request_time']:%Y-%m-%d %H:%M:%S} UTC, by {line['served_entity_id']}"
    )
    print(f"Answer ({line['status_code']}, {line['execution_duration_ms']} ms): {line['response']}")
    row = None
    for one in explanation.values:
        if one.row != row:
            row = one.row
            print(f"Row {row}:")
        source = f" from {one.table} at version {one.version}" if one.table else ""
        time = f", row of {one.time:%Y-%m-%d %H:%M:%S}" if one.time is not None else ""
        print(f"  {one.feature} = {one.value!r} ({one.status}{source}{time})")
        if one.cause:
            print(f"    offline it is {one.offline!r}: {one.cause}")
    if not any(one.cause for one in explanation.values):
        print("Every value is the one that a training set would have for that time.")
