"""What runs: settings, the Spark session, Java, Delta's jars, the JVM."""
