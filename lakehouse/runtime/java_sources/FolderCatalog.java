package headwater;

import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.analysis.NoSuchViewException;
import org.apache.spark.sql.catalyst.analysis.ViewAlreadyExistsException;
import org.apache.spark.sql.catalyst.catalog.CatalogDatabase;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.SessionCatalog;
import org.apache.spark.sql.connector.catalog.CatalogPlugin;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.NamespaceChange;
import org.apache.spark.sql.connector.catalog.Relation;
import org.apache.spark.sql.connector.catalog.RelationCatalog;
import org.apache.spark.sql.connector.catalog.StagedTable;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableChange;
import org.apache.spark.sql.connector.catalog.TableInfo;
import org.apache.spark.sql.connector.catalog.TableSummary;
import org.apache.spark.sql.connector.catalog.V1Table;
import org.apache.spark.sql.connector.catalog.V1View;
import org.apache.spark.sql.connector.catalog.View;
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.delta.catalog.DeltaCatalog;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.apache.spark.unsafe.Platform;
import scala.Option;
import scala.collection.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A catalog of an embedded store other than `main`. Its schema `s` is the database `catalog:s` of the session catalog, with the
 * folder `catalog/s.db` of the warehouse. What is asked of this catalog is asked of Delta's by the database's name.
 *
 * Written for Janino: no generics, no lambdas.
 */
public class FolderCatalog extends DeltaCatalog implements RelationCatalog {
    private String given = "";

    /** Return the name of the database that holds a catalog's schema; names do not differ by case. */
    public static String database(String catalog, String schema) {
        String lower = schema.toLowerCase(Locale.ROOT);
        return lower.indexOf(':') >= 0 ? lower : catalog.toLowerCase(Locale.ROOT) + ":" + lower;
    }

    /** Return the database of a schema in the session's current catalog. */
    public static String current(SparkSession spark, String schema) {
        String catalog = spark.sessionState().catalogManager().currentCatalog().name();
        return catalog.equals("spark_catalog") ? schema.toLowerCase(Locale.ROOT) : database(catalog, schema);
    }

    public void initialize(String name, CaseInsensitiveStringMap options) {
        super.initialize(name, options);
        this.given = name;
        setDelegateCatalog((CatalogPlugin) spark().sessionState().catalogManager().v2SessionCatalog());
    }

    public String name() {
        return this.given;
    }

    public String[] defaultNamespace() {
        return new String[] {"default"};
    }

    // Names. `c.t` of two levels reaches the catalog c without a schema: it means the schema c of the current catalog.

    private Identifier inside(Identifier ident) {
        String[] levels = ident.namespace();
        if (isPathIdentifier(ident)) {
            return ident;
        }
        if (levels.length == 0) {
            return Identifier.of(new String[] {current(spark(), this.given)}, ident.name());
        }
        return Identifier.of(inside(levels), ident.name());
    }

    private String[] inside(String[] levels) {
        if (levels.length == 0) {
            return new String[] {current(spark(), this.given)};
        }
        if (levels.length == 2 && levels[0].equalsIgnoreCase(this.given)) {
            return new String[] {database(this.given, levels[1])};
        }
        return levels.length == 1 ? new String[] {database(this.given, levels[0])} : levels;
    }

    private TableIdentifier entry(Identifier ident) {
        Identifier mapped = inside(ident);
        return new TableIdentifier(mapped.name(), Option.apply(mapped.namespace()[0]));
    }

    private SessionCatalog entries() {
        return spark().sessionState().catalog();
    }

    // Schemas.

    public String[][] listNamespaces() {
        String start = this.given.toLowerCase(Locale.ROOT) + ":";
        Iterator all = CollectionConverters.asJava(entries().externalCatalog().listDatabases()).iterator();
        List own = new ArrayList();
        while (all.hasNext()) {
            String database = (String) all.next();
            if (database.startsWith(start)) {
                own.add(new String[] {database.substring(start.length())});
            }
        }
        return (String[][]) own.toArray(new String[own.size()][]);
    }

    public String[][] listNamespaces(String[] levels) throws NoSuchNamespaceException {
        return levels.length == 0 ? listNamespaces() : super.listNamespaces(inside(levels));
    }

    public boolean namespaceExists(String[] levels) {
        return super.namespaceExists(inside(levels));
    }

    public Map loadNamespaceMetadata(String[] levels) throws NoSuchNamespaceException {
        return super.loadNamespaceMetadata(inside(levels));
    }

    public void createNamespace(String[] levels, Map metadata) {
        if (levels.length > 1) {
            throw new UnsupportedOperationException("A schema of the catalog " + this.given + " has a name of one level.");
        }
        String catalog = levels.length == 1 ? this.given : spark().sessionState().catalogManager().currentCatalog().name();
        String schema = (levels.length == 1 ? levels[0] : this.given).toLowerCase(Locale.ROOT);
        String database = levels.length == 1 ? database(catalog, schema) : current(spark(), schema);
        Object location = metadata.get("location");
        Path top = new Path(spark().sessionState().conf().warehousePath());
        Path own = new Path(catalog.equals("spark_catalog") ? top : new Path(top, catalog.toLowerCase(Locale.ROOT)), schema + ".db");
        Map properties = new HashMap(metadata);
        Object comment = properties.remove("comment");
        properties.remove("location");
        entries().externalCatalog().createDatabase(
            new CatalogDatabase(
                database,
                comment == null ? "" : (String) comment,
                location == null ? own.toUri() : URI.create((String) location),
                scala.collection.immutable.Map$.MODULE$.from(CollectionConverters.asScala(properties))),
            false);
    }

    public void alterNamespace(String[] levels, NamespaceChange[] changes) throws NoSuchNamespaceException {
        super.alterNamespace(inside(levels), changes);
    }

    public boolean dropNamespace(String[] levels, boolean cascade) {
        String[] mapped = inside(levels);
        if (!super.namespaceExists(mapped)) {
            return false;
        }
        entries().externalCatalog().dropDatabase(mapped[0], false, cascade);
        return true;
    }

    // Tables, of Delta alone.

    // `c.t` is made by the current catalog itself, in its schema c: Delta asks this one again by the mapped name, which it would map once more.

    private DeltaCatalog currentCatalog() {
        return (DeltaCatalog) spark().sessionState().catalogManager().currentCatalog();
    }

    private Identifier outside(Identifier ident) {
        return Identifier.of(new String[] {this.given}, ident.name());
    }

    private Identifier creatable(Identifier ident, Map properties) {
        Object provider = properties.get("provider");
        if (provider != null && !"delta".equalsIgnoreCase((String) provider)) {
            throw new UnsupportedOperationException(
                "The catalog " + this.given + " holds Delta tables alone, found " + provider + " for " + ident
                    + ". Say USING delta, or write the files to a folder: df.write." + provider + "(path).");
        }
        return inside(ident);
    }

    private boolean isView(Table table) {
        return table instanceof V1Table && ((V1Table) table).v1Table().tableType().name().equals("VIEW");
    }

    public Relation loadRelation(Identifier ident) throws NoSuchTableException {
        Table table = super.loadTable(inside(ident));
        return isView(table) ? (Relation) view(((V1Table) table).v1Table()) : (Relation) table;
    }

    public Table loadTable(Identifier ident) {
        Table table = super.loadTable(inside(ident));
        if (isView(table)) {
            Platform.throwException(new NoSuchTableException(ident));
        }
        return table;
    }

    public Table loadTable(Identifier ident, long timestamp) {
        return super.loadTable(inside(ident), timestamp);
    }

    public Table loadTable(Identifier ident, String version) {
        return super.loadTable(inside(ident), version);
    }

    public boolean tableExists(Identifier ident) {
        return super.tableExists(inside(ident)) && (isPathIdentifier(ident) || !viewExists(ident));
    }

    public void invalidateTable(Identifier ident) {
        super.invalidateTable(inside(ident));
    }

    public Identifier[] listTables(String[] levels) {
        return entriesOf(levels, false);
    }

    private Identifier[] entriesOf(String[] levels, boolean views) {
        String database = inside(levels)[0];
        HashSet names = new HashSet(names(entries().listViews(database, "*"), database));
        List found = names(entries().listTables(database), database);
        List own = new ArrayList();
        for (int i = 0; i < found.size(); i++) {
            if (names.contains(found.get(i)) == views) {
                own.add(Identifier.of(levels, (String) found.get(i)));
            }
        }
        return (Identifier[]) own.toArray(new Identifier[own.size()]);
    }

    /** Return the names of a database's entries; temporary views, which Spark lists too, are left out. */
    private List names(Seq entries, String database) {
        List found = new ArrayList();
        Iterator each = CollectionConverters.asJava(entries).iterator();
        while (each.hasNext()) {
            TableIdentifier entry = (TableIdentifier) each.next();
            if (entry.database().isDefined() && entry.database().get().equals(database)) {
                found.add(entry.table());
            }
        }
        return found;
    }

    public TableSummary[] listTableSummaries(String[] levels) {
        Identifier[] tables = listTables(levels);
        TableSummary[] summaries = new TableSummary[tables.length];
        for (int i = 0; i < tables.length; i++) {
            summaries[i] = TableSummary.of(tables[i], TableSummary.MANAGED_TABLE_TYPE);
        }
        return summaries;
    }

    public Table createTable(Identifier ident, StructType schema, Transform[] partitions, Map properties) {
        if (ident.namespace().length == 0) {
            return currentCatalog().createTable(outside(ident), schema, partitions, properties);
        }
        return super.createTable(creatable(ident, properties), schema, partitions, ColumnNames.mapped(properties, schema));
    }

    public Table createTable(Identifier ident, Column[] columns, Transform[] partitions, Map properties) {
        if (ident.namespace().length == 0) {
            return currentCatalog().createTable(outside(ident), columns, partitions, properties);
        }
        return super.createTable(creatable(ident, properties), columns, partitions, ColumnNames.mapped(properties, columns));
    }

    public Table createTableLike(Identifier ident, TableInfo info, Table source) {
        if (ident.namespace().length == 0) {
            return currentCatalog().createTableLike(outside(ident), info, source);
        }
        return super.createTableLike(creatable(ident, info.properties()), info, source);
    }

    public StagedTable stageCreate(Identifier ident, StructType schema, Transform[] partitions, Map properties) {
        if (ident.namespace().length == 0) {
            return currentCatalog().stageCreate(outside(ident), schema, partitions, properties);
        }
        return super.stageCreate(creatable(ident, properties), schema, partitions, ColumnNames.mapped(properties, schema));
    }

    public StagedTable stageCreate(Identifier ident, Column[] columns, Transform[] partitions, Map properties) {
        if (ident.namespace().length == 0) {
            return currentCatalog().stageCreate(outside(ident), columns, partitions, properties);
        }
        return super.stageCreate(creatable(ident, properties), columns, partitions, ColumnNames.mapped(properties, columns));
    }

    public StagedTable stageReplace(Identifier ident, StructType schema, Transform[] partitions, Map properties) {
        if (ident.namespace().length == 0) {
            return currentCatalog().stageReplace(outside(ident), schema, partitions, properties);
        }
        return super.stageReplace(creatable(ident, properties), schema, partitions, ColumnNames.mapped(properties, schema));
    }

    public StagedTable stageReplace(Identifier ident, Column[] columns, Transform[] partitions, Map properties) {
        if (ident.namespace().length == 0) {
            return currentCatalog().stageReplace(outside(ident), columns, partitions, properties);
        }
        return super.stageReplace(creatable(ident, properties), columns, partitions, ColumnNames.mapped(properties, columns));
    }

    public StagedTable stageCreateOrReplace(Identifier ident, StructType schema, Transform[] partitions, Map properties) {
        if (ident.namespace().length == 0) {
            return currentCatalog().stageCreateOrReplace(outside(ident), schema, partitions, properties);
        }
        return super.stageCreateOrReplace(creatable(ident, properties), schema, partitions, ColumnNames.mapped(properties, schema));
    }

    public StagedTable stageCreateOrReplace(Identifier ident, Column[] columns, Transform[] partitions, Map properties) {
        if (ident.namespace().length == 0) {
            return currentCatalog().stageCreateOrReplace(outside(ident), columns, partitions, properties);
        }
        return super.stageCreateOrReplace(creatable(ident, properties), columns, partitions, ColumnNames.mapped(properties, columns));
    }

    public Table alterTable(Identifier ident, TableChange[] changes) {
        return super.alterTable(inside(ident), changes);
    }

    public boolean dropTable(Identifier ident) {
        return isPathIdentifier(ident) || !viewExists(ident) ? super.dropTable(inside(ident)) : false;
    }

    public boolean purgeTable(Identifier ident) {
        return isPathIdentifier(ident) || !viewExists(ident) ? super.purgeTable(inside(ident)) : false;
    }

    public void renameTable(Identifier from, Identifier to) {
        entries().renameTable(entry(from), entry(to));
    }

    // Views, kept as the session catalog keeps them.

    private View view(CatalogTable table) {
        V1View stored = new V1View(table);
        Map properties = new HashMap();
        Iterator each = stored.properties().entrySet().iterator();
        while (each.hasNext()) {
            Map.Entry property = (Map.Entry) each.next();
            if (!((String) property.getKey()).startsWith("view.")) {  // the session catalog's own notes
                properties.put(property.getKey(), property.getValue());
            }
        }
        View.Builder shown = new View.Builder();
        shown.withSchema(table.schema());
        shown.withProperties(properties);
        shown.withQueryText(stored.queryText());
        if (stored.currentCatalog() != null) {
            shown.withCurrentCatalog(stored.currentCatalog());
            shown.withCurrentNamespace(stored.currentNamespace());
        }
        shown.withSqlConfigs(stored.sqlConfigs());
        if (stored.schemaMode() != null) {
            shown.withSchemaMode(stored.schemaMode());
        }
        shown.withQueryColumnNames(stored.queryColumnNames());
        return shown.build();
    }

    private CatalogTable stored(Identifier ident, View view) {
        return V1Table.toCatalogTable(this.delegate, inside(ident), view);
    }

    public Identifier[] listViews(String[] levels) {
        return entriesOf(levels, true);
    }

    public View loadView(Identifier ident) throws NoSuchViewException {
        Relation found = null;
        try {
            found = loadRelation(ident);
        } catch (NoSuchTableException error) {
            throw new NoSuchViewException(ident);
        }
        if (found instanceof View) {
            return (View) found;
        }
        throw new NoSuchViewException(ident);
    }

    public boolean viewExists(Identifier ident) {
        TableIdentifier entry = entry(ident);
        SessionCatalog entries = entries();
        return entries.tableExists(entry) && entries.externalCatalog().getTable((String) entry.database().get(), entry.table().toLowerCase(Locale.ROOT)).tableType().name().equals("VIEW");
    }

    public void invalidateView(Identifier ident) {
        super.invalidateTable(inside(ident));
    }

    public View createView(Identifier ident, View view) throws ViewAlreadyExistsException {
        if (entries().tableExists(entry(ident))) {
            throw new ViewAlreadyExistsException(ident);
        }
        entries().createTable(stored(ident, view), false, false);
        return view;
    }

    public View replaceView(Identifier ident, View view) throws NoSuchViewException {
        if (!viewExists(ident)) {
            throw new NoSuchViewException(ident);
        }
        entries().alterTable(stored(ident, view));
        return view;
    }

    public boolean dropView(Identifier ident) {
        if (!viewExists(ident)) {
            return false;
        }
        entries().dropTable(entry(ident), true, false);
        return true;
    }

    public void renameView(Identifier from, Identifier to) {
        entries().renameTable(entry(from), entry(to));
    }

    // Functions.

    public UnboundFunction loadFunction(Identifier ident) throws NoSuchFunctionException {
        return super.loadFunction(inside(ident));
    }

    public Identifier[] listFunctions(String[] levels) throws NoSuchNamespaceException {
        Identifier[] found = super.listFunctions(inside(levels));
        Identifier[] own = new Identifier[found.length];
        for (int i = 0; i < found.length; i++) {
            own[i] = Identifier.of(levels, found[i].name());
        }
        return own;
    }

    public boolean functionExists(Identifier ident) {
        return super.functionExists(inside(ident));
    }
}
