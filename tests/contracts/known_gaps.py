"""What the published client has and ours has not yet: by client, by reason, by name; ``name(parameter)`` for a part."""

ENDPOINTS = {"create_feature_serving_endpoint", "delete_feature_serving_endpoint", "get_feature_serving_endpoint"}
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
        "online stores": {
            "create_online_store",
            "delete_online_store",
            "drop_online_table",
            "get_online_store",
            "list_online_stores",
            "publish_table",
            "update_online_store",
        },
        "serving endpoints": ENDPOINTS,
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
        "next": {
            "feature_spec_from_batch_declarative_features",
        },
    },
    "FeatureStoreClient": {
        "online stores": {"drop_online_table", "publish_table"},
        "serving endpoints": ENDPOINTS,
    },
    "entities": {
        "streams": STREAM_ENTITIES,
        "online stores": {"DatabricksOnlineStore", "OnlineStoreConfig", "UNSET"},
        "materialisation by the client": {
            "BackfillRange",
            "ComputeFeaturesRange",
            "CronSchedule",
            "CronScheduleMode",
            "MaterializedFeaturePipelineScheduleState",
            "OfflineStoreConfig",
            "TableTrigger",
        },
    },
}

# Given back by the client, never made by its users.
RESULTS = {"BackfillStatus", "BackfillState", "FeatureTable"}
