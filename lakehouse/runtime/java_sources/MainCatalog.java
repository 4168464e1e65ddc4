package headwater;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.connector.catalog.CatalogPlugin;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.StagedTable;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.delta.catalog.DeltaCatalog;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** The catalog `main` of an embedded store, which Spark calls `spark_catalog`: without the databases that are schemas of other catalogs. */
public class MainCatalog extends DeltaCatalog {
    private String given = "";

    public void initialize(String name, CaseInsensitiveStringMap options) {
        super.initialize(name, options);
        this.given = name;
        if (name.equals("spark_catalog")) {  // to which Spark gives its own
            return;
        }
        setDelegateCatalog((CatalogPlugin) spark().sessionState().catalogManager().v2SessionCatalog());
    }

    /** Let `main.t` mean the table t of the current catalog's schema main. */
    private Identifier inside(Identifier ident) {
        return ident.namespace().length > 0 || this.given.equals("spark_catalog")
            ? ident
            : Identifier.of(new String[] {FolderCatalog.current(spark(), this.given)}, ident.name());
    }

    public Table loadTable(Identifier ident) {
        return super.loadTable(inside(ident));
    }

    public boolean tableExists(Identifier ident) {
        return super.tableExists(inside(ident));
    }

    public Table createTable(Identifier ident, StructType schema, Transform[] partitions, Map properties) {
        return super.createTable(ident, schema, partitions, ColumnNames.mapped(properties, schema));
    }

    public Table createTable(Identifier ident, Column[] columns, Transform[] partitions, Map properties) {
        return super.createTable(ident, columns, partitions, ColumnNames.mapped(properties, columns));
    }

    public StagedTable stageCreate(Identifier ident, StructType schema, Transform[] partitions, Map properties) {
        return super.stageCreate(ident, schema, partitions, ColumnNames.mapped(properties, schema));
    }

    public StagedTable stageCreate(Identifier ident, Column[] columns, Transform[] partitions, Map properties) {
        return super.stageCreate(ident, columns, partitions, ColumnNames.mapped(properties, columns));
    }

    public StagedTable stageReplace(Identifier ident, StructType schema, Transform[] partitions, Map properties) {
        return super.stageReplace(ident, schema, partitions, ColumnNames.mapped(properties, schema));
    }

    public StagedTable stageReplace(Identifier ident, Column[] columns, Transform[] partitions, Map properties) {
        return super.stageReplace(ident, columns, partitions, ColumnNames.mapped(properties, columns));
    }

    public StagedTable stageCreateOrReplace(Identifier ident, StructType schema, Transform[] partitions, Map properties) {
        return super.stageCreateOrReplace(ident, schema, partitions, ColumnNames.mapped(properties, schema));
    }

    public StagedTable stageCreateOrReplace(Identifier ident, Column[] columns, Transform[] partitions, Map properties) {
        return super.stageCreateOrReplace(ident, columns, partitions, ColumnNames.mapped(properties, columns));
    }

    public String[][] listNamespaces() throws NoSuchNamespaceException {
        String[][] all = super.listNamespaces();
        List own = new ArrayList();
        for (int i = 0; i < all.length; i++) {
            if (all[i][0].indexOf(':') < 0) {
                own.add(all[i]);
            }
        }
        return (String[][]) own.toArray(new String[own.size()][]);
    }

    public String[][] listNamespaces(String[] levels) throws NoSuchNamespaceException {
        return levels.length == 0 ? listNamespaces() : super.listNamespaces(levels);
    }
}
