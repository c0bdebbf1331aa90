package io.odradek.broker.quorum;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** What the product says about hundreds of crashes and broken disks is of no interest. */
final class QuietLog implements BeforeAllCallback, AfterAllCallback {
    @Override
    public void beforeAll(ExtensionContext context) {
        log().setLevel(Level.OFF);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        log().setLevel(null);
    }

    private static Logger log() {
        return (Logger) LoggerFactory.getLogger("io.odradek");
    }
}
