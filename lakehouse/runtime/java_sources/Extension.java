package headwater;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.expressions.CurrentCatalog;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.catalyst.trees.TreeNode;
import org.apache.spark.sql.types.StringType$;
import org.apache.spark.unsafe.types.UTF8String;
import scala.Function1;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/** Lets `current_catalog()` say `main` where Spark says `spark_catalog`, its own name for that catalog. */
public class Extension extends AbstractFunction1 {
    public Object apply(Object extensions) {
        ((SparkSessionExtensions) extensions).injectPostHocResolutionRule(new Rules());
        return BoxedUnit.UNIT;
    }

    public static class Rules extends AbstractFunction1 {
        public Object apply(Object session) {
            return new CurrentName((SparkSession) session);
        }
    }

    public static class CurrentName extends Rule {
        private final SparkSession spark;

        public CurrentName(SparkSession spark) {
            this.spark = spark;
        }

        public TreeNode apply(TreeNode plan) {
            String name = this.spark.sessionState().catalogManager().currentCatalog().name();
            return name.equals("spark_catalog") ? ((LogicalPlan) plan).transformAllExpressions(new Replacement()) : plan;
        }
    }

    public static class Replacement extends AbstractPartialFunction {
        public boolean isDefinedAt(Object expression) {
            return expression instanceof CurrentCatalog;
        }

        public Object applyOrElse(Object expression, Function1 otherwise) {
            return isDefinedAt(expression) ? new Literal(UTF8String.fromString("main"), StringType$.MODULE$) : otherwise.apply(expression);
        }
    }
}
