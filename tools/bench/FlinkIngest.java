import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;

/**
 * Runs one query in a Flink cluster within this process, again and again: flink.py starts it and reads what it prints.
 *
 * <p>The first run only sums up the query's results, to compare with the events. It and maybe more let the JVM compile what
 * the measured runs need: one of 5 million events after a cold start takes nearly twice the time of the third. Times are
 * Flink's own durations of its jobs, so neither the start of the JVM nor planning counts.
 */
public class FlinkIngest {
    private static final long WARM_MILLISECONDS = 20_000;

    public static void main(String[] arguments) throws Exception {
        endWithInput();
        Properties settings = new Properties();
        try (var source = Files.newBufferedReader(Path.of(arguments[0]))) {
            settings.load(source);
        }
        Configuration configuration = new Configuration();
        settings.stringPropertyNames().forEach(name -> configuration.setString(name, settings.getProperty(name)));
        TableEnvironment tables = TableEnvironment.create(
                EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(configuration).build());
        for (String statement : Files.readString(Path.of(arguments[1])).split(";")) {
            if (!statement.isBlank()) tables.executeSql(statement);
        }
        String query = Files.readString(Path.of(arguments[2]));

        long events = 0;
        long total = 0;
        TableResult sums = tables.executeSql("SELECT SUM(events) AS events, SUM(total) AS total FROM (" + query + ")");
        try (var rows = sums.collect()) {
            // A changelog: the last row holds.
            while (rows.hasNext()) {
                Row row = rows.next();
                events = row.<Long>getFieldAs("events");
                total = row.<Long>getFieldAs("total");
            }
        }
        System.out.printf("sums %d %d%n", events, total);

        long warming = milliseconds(sums);
        while (warming < WARM_MILLISECONDS) {
            warming += milliseconds(tables.executeSql("INSERT INTO results " + query));
        }
        for (int run = 0; run < Integer.parseInt(arguments[3]); run++) {
            System.out.printf("milliseconds %d%n", milliseconds(tables.executeSql("INSERT INTO results " + query)));
        }
    }

    /** Whoever started this process holds the other end open as long as he lives. */
    private static void endWithInput() {
        Thread thread = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {}
            } catch (IOException error) {
                // Then nobody is there either.
            }
            Runtime.getRuntime().halt(1);
        });
        thread.setDaemon(true);
        thread.start();
    }

    /** Waits for a job's end. */
    private static long milliseconds(TableResult result) throws Exception {
        return result.getJobClient().orElseThrow().getJobExecutionResult().get().getNetRuntime();
    }
}
