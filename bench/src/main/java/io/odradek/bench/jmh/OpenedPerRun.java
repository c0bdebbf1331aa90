package io.odradek.bench.jmh;

import java.io.IOException;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/** A system that each run finds new, in a directory of its own. */
public abstract class OpenedPerRun {
    private Workplace place;

    /** For JMH. */
    @SuppressWarnings("NullAway.Init") // set before each run
    protected OpenedPerRun() {}

    abstract void start(Params params, Path path) throws IOException;

    abstract void stop() throws IOException;

    @Setup(Level.Iteration)
    public void open(BenchmarkParams params) throws IOException {
        place = Workplace.create();
        start(Params.of(params), place.path());
    }

    @TearDown(Level.Iteration)
    public void close() throws IOException {
        stop();
        place.close();
    }
}
