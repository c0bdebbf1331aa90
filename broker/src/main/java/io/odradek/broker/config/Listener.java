package io.odradek.broker.config;

import java.util.Locale;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.jspecify.annotations.Nullable;

/**
 * One entry of {@code listeners} or {@code advertised.listeners}.
 *
 * @param host empty: every interface
 * @param port 0: any free one
 */
public record Listener(String name, SecurityProtocol protocol, String host, int port) {

    /** {@code NAME://host:port}; the host may be empty, or an IPv6 address in brackets. */
    record Parsed(String name, String host, int port) {}

    /** Null when the text is not of that form. */
    static @Nullable Parsed parse(String text) {
        int scheme = text.indexOf("://");
        int colon = text.lastIndexOf(':');
        if (scheme <= 0 || colon < scheme + 3) {
            return null;
        }
        String name = text.substring(0, scheme).toUpperCase(Locale.ROOT);
        String host = text.substring(scheme + 3, colon);
        String digits = text.substring(colon + 1);
        if (!name.matches("[-_A-Z0-9.]+") || !digits.matches("[0-9]{1,5}") || Integer.parseInt(digits) > 65535) {
            return null;
        }
        if (host.startsWith("[") && host.endsWith("]") && host.length() > 2) {
            host = host.substring(1, host.length() - 1);
        } else if (!host.matches("[-_A-Za-z0-9.]*")) {
            return null;
        }
        return new Parsed(name, host, Integer.parseInt(digits));
    }
}
