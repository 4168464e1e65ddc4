"""What the published client has and ours has not yet: by client, by reason, by name; ``name(parameter)`` for a part."""

STREAM_ENTITIES = {
    "DirectMtlsConfig",
    "DirectSchemas",
    "FieldDefinition",
    "IngestionConfig",
    "IngestionDestination",
    "KafkaSource",
    "KafkaStreamConfig",
    "KafkaSubscriptionMode",
    "KinesisStreamConfig",
    "MtlsConfig",
    "ProtoSchemaSpec",
    "ScalarDataType",
    "SchemaConfig",
    "SchemaLocator",
    "SchemaLocatorConfluentSchema",
    "SchemaLocatorFormat",
    "SchemaRegistryConfig",
    "SecretScopeReference",
    "SourceLateness",
    "Stream",
    "StreamArnList",
    "StreamBackfillSource",
    "StreamConnectionConfig",
    "StreamNameList",
    "StreamSchemaConfig",
    "StreamSource",
    "StreamSourceConfig",
    "StreamingMode",
    "DeltaTableSource(lateness)",
}
GAPS: dict[str, dict[str, set[str]]] = {
    "clients": {},
    "FeatureEngineeringClient": {
        "streams": {"create_stream", "delete_stream", "get_stream", "list_streams", "update_stream"},
        "materialisation by the client": {
            "backfill_features",
            "cancel_backfill",
            "cancel_operation",
            "delete_materialized_feature",
            "get_backfill",
            "get_operation",
            "list_materialized_features",
            "materialize_features",
            "purge_feature_entities",
            "wait_for_backfill",
        },
    },
    "FeatureStoreClient": {},
    "entities": {
        "streams": STREAM_ENTITIES,
        "materialisation by the client": {
            "BackfillRange",
            "ComputeFeaturesRange",
            "CronSchedule",
            "CronScheduleMode",
            "MaterializedFeaturePipelineScheduleState",
            "OfflineStoreConfig",
            "OnlineStoreConfig",
            "TableTrigger",
        },
    },
}

# Given back by the client, never made by its users.
RESULTS = {"BackfillStatus", "BackfillState", "FeatureTable"}
