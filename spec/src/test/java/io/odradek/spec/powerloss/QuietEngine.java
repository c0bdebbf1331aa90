package io.odradek.spec.powerloss;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** What the engine says about thousands of crashes is of no interest, and costs more than they do. */
final class QuietEngine implements BeforeAllCallback, AfterAllCallback {
    @Override
    public void beforeAll(ExtensionContext context) {
        engineLog().setLevel(Level.OFF);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        engineLog().setLevel(null);
    }

    private static Logger engineLog() {
        return (Logger) LoggerFactory.getLogger("io.odradek.engine");
    }
}
