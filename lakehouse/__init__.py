"""Ground floor: the Spark session, names, tables and errors."""

from typing import TYPE_CHECKING

from headwater.on_demand import on_demand

if TYPE_CHECKING:
    from headwater.lakehouse.arrow.delta_files import ArrowTable, dataset_of, open_arrow, open_stored
    from headwater.lakehouse.arrow.frames import arrow_schema, frame_of_arrow, pandas_of_arrow
    from headwater.lakehouse.arrow.plain_scan import PlainScan, open_plain_scan
    from headwater.lakehouse.arrow.types import arrow_type, spark_type
    from headwater.lakehouse.errors import (
        CatalogUnavailableError,
        ColumnTypeError,
        DamagedTableError,
        DuplicateKeysError,
        HeadwaterError,
        InvalidInputError,
        InvalidNameError,
        JarsNotFoundError,
        JavaNotFoundError,
        MachineError,
        MissingColumnsError,
        NullKeysError,
        RowLimitError,
        TableError,
        TableExistsError,
        TableNotFoundError,
        WorkspaceOnlyError,
        known,
        zone_hint,
    )
    from headwater.lakehouse.files import replace_file, write_json
    from headwater.lakehouse.java_gateway import jvm, jvm_session
    from headwater.lakehouse.locks import is_locked, remove_lock, store_lock
    from headwater.lakehouse.names import TableName, is_plain_name
    from headwater.lakehouse.runtime.jars import ensure_jars
    from headwater.lakehouse.runtime.java import ensure_java, find_java
    from headwater.lakehouse.runtime.java_classes import ensure_classes
    from headwater.lakehouse.runtime.session import is_connect, is_embedded, on_databricks, session, settings_of
    from headwater.lakehouse.runtime.settings import Settings
    from headwater.lakehouse.scratch import ScratchFullError
    from headwater.lakehouse.sql_text import column, literal, quoted
    from headwater.lakehouse.tables.documents import Documents
    from headwater.lakehouse.tables.existing import list_tables, resolve, table_exists
    from headwater.lakehouse.tables.idempotent import written_once
    from headwater.lakehouse.tables.metadata import TableMetadata, TableNotes, metadata_of, notes_of, set_not_null
    from headwater.lakehouse.tables.properties import set_table_properties, table_properties
    from headwater.lakehouse.tables.verbs import (
        append,
        create_table,
        drop_table,
        ensure_table,
        merge,
        optimize,
        overwrite,
        read_table,
        replace_interval,
        replace_where,
        sql_time,
    )
    from headwater.lakehouse.tables.versions import newest_version, read_changes, rows_written, table_version
    from headwater.lakehouse.utc import in_utc, utc_cast
    from headwater.lakehouse.warehouse.catalog import (
        add_catalog,
        check_new_name,
        complete,
        creation,
        current_catalog,
        folders_elsewhere,
        make_catalog,
        refresh,
        remove_catalog,
        schemas_first,
        table_lock,
    )
    from headwater.lakehouse.warehouse.damage import (
        DamagedFolder,
        damaged_folders,
        examine_table,
        has_commit,
        set_aside,
        set_damaged_aside,
    )
    from headwater.lakehouse.warehouse.faults import (
        DamagedFileError,
        DiskFullError,
        damaged_files,
        fault_of,
        faults_named,
    )
    from headwater.lakehouse.warehouse.layout import (
        MAIN,
        SchemaFolder,
        catalogs,
        database_of,
        is_main,
        name_of_folder,
        schema_folder,
        schema_folders,
        table_folder,
    )
    from headwater.lakehouse.warehouse.views_and_functions import forget_function, keep_function, keep_view

__all__ = [
    "MAIN",
    "ArrowTable",
    "CatalogUnavailableError",
    "ColumnTypeError",
    "DamagedFileError",
    "DamagedFolder",
    "DamagedTableError",
    "DiskFullError",
    "Documents",
    "DuplicateKeysError",
    "HeadwaterError",
    "InvalidInputError",
    "InvalidNameError",
    "JarsNotFoundError",
    "JavaNotFoundError",
    "MachineError",
    "MissingColumnsError",
    "NullKeysError",
    "PlainScan",
    "RowLimitError",
    "SchemaFolder",
    "ScratchFullError",
    "Settings",
    "TableError",
    "TableExistsError",
    "TableMetadata",
    "TableName",
    "TableNotFoundError",
    "TableNotes",
    "WorkspaceOnlyError",
    "add_catalog",
    "append",
    "arrow_schema",
    "arrow_type",
    "catalogs",
    "check_new_name",
    "column",
    "complete",
    "create_table",
    "creation",
    "current_catalog",
    "damaged_files",
    "damaged_folders",
    "database_of",
    "dataset_of",
    "drop_table",
    "ensure_classes",
    "ensure_jars",
    "ensure_java",
    "ensure_table",
    "examine_table",
    "fault_of",
    "faults_named",
    "find_java",
    "folders_elsewhere",
    "forget_function",
    "frame_of_arrow",
    "has_commit",
    "in_utc",
    "is_connect",
    "is_embedded",
    "is_locked",
    "is_main",
    "is_plain_name",
    "jvm",
    "jvm_session",
    "keep_function",
    "keep_view",
    "known",
    "list_tables",
    "literal",
    "make_catalog",
    "merge",
    "metadata_of",
    "name_of_folder",
    "newest_version",
    "notes_of",
    "on_databricks",
    "open_arrow",
    "open_plain_scan",
    "open_stored",
    "optimize",
    "overwrite",
    "pandas_of_arrow",
    "quoted",
    "read_changes",
    "read_table",
    "refresh",
    "remove_catalog",
    "remove_lock",
    "replace_file",
    "replace_interval",
    "replace_where",
    "resolve",
    "rows_written",
    "schema_folder",
    "schema_folders",
    "schemas_first",
    "session",
    "set_aside",
    "set_damaged_aside",
    "set_not_null",
    "set_table_properties",
    "settings_of",
    "spark_type",
    "sql_time",
    "store_lock",
    "table_exists",
    "table_folder",
    "table_lock",
    "table_properties",
    "table_version",
    "utc_cast",
    "write_json",
    "written_once",
    "zone_hint",
]

__getattr__, __dir__ = on_demand(__name__, __file__)
