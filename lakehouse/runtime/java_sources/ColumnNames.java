package headwater;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Turns column mapping on for a new table with a column whose name Delta's files do not take, such as `Age (years)`. */
public class ColumnNames {
    private static final String MODE = "delta.columnMapping.mode";
    private static final String NOT_TAKEN = " ,;{}()\n\t=";

    public static Map mapped(Map properties, StructType schema) {
        return plain(schema) ? properties : withMode(properties);
    }

    public static Map mapped(Map properties, Column[] columns) {
        boolean plain = true;
        for (int i = 0; i < columns.length; i++) {
            plain = plain && plain(columns[i].name()) && plain(columns[i].dataType());
        }
        return plain ? properties : withMode(properties);
    }

    private static Map withMode(Map properties) {
        if (properties.containsKey(MODE)) {
            return properties;
        }
        Map changed = new HashMap(properties);
        changed.put(MODE, "name");
        return changed;
    }

    private static boolean plain(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (NOT_TAKEN.indexOf(name.charAt(i)) >= 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean plain(DataType type) {
        if (type instanceof ArrayType) {
            return plain(((ArrayType) type).elementType());
        }
        if (type instanceof MapType) {
            return plain(((MapType) type).keyType()) && plain(((MapType) type).valueType());
        }
        if (!(type instanceof StructType)) {
            return true;
        }
        StructField[] fields = ((StructType) type).fields();
        for (int i = 0; i < fields.length; i++) {
            if (!plain(fields[i].name()) || !plain(fields[i].dataType())) {
                return false;
            }
        }
        return true;
    }
}
