package io.odradek.spec.compatibility;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** What a broker in this process says in its log from WARN on, while this is open; it is not printed. */
final class SaidLines extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.odradek");

    SaidLines() {
        start();
        logger.addAppender(this);
        logger.setAdditive(false); // disasters are the subject: nobody should take them for the build's
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
            lines.add(event.getFormattedMessage());
        }
    }

    List<String> containing(String text) {
        return lines.stream().filter(line -> line.contains(text)).toList();
    }

    List<String> all() {
        return List.copyOf(lines);
    }

    /** Without what a start says about its configuration. */
    List<String> troubles() {
        return lines.stream()
                .filter(line -> !line.startsWith("accepted without effect"))
                .toList();
    }

    @Override
    public void close() {
        logger.detachAppender(this);
        logger.setAdditive(true);
    }
}
