package io.odradek.broker.config;

import java.util.List;

/** The configuration can't be used. Every problem found, one line each: key, value, what is allowed. */
public final class BrokerConfigException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    public BrokerConfigException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    public List<String> problems() {
        return problems;
    }
}
