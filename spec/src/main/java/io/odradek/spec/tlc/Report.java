package io.odradek.spec.tlc;

import java.util.Locale;
import java.util.OptionalDouble;

/** What is said about tasks, as text. */
final class Report {
    private Report() {}

    /** A line when all is as it should be; otherwise the complaints and how TLC came to where it failed. */
    static String of(Suite.Outcome outcome) {
        StringBuilder text = new StringBuilder(summary(outcome));
        outcome.complaints()
                .forEach(complaint -> text.append("\n        ").append(complaint.replace("\n", "\n        ")));
        if (!outcome.isRight() && outcome.result().counterexample().states() > 0) {
            text.append('\n').append(outcome.result().counterexample().table().stripTrailing());
        }
        return text.toString();
    }

    private static String summary(Suite.Outcome outcome) {
        TlcResult result = outcome.result();
        String verdict = outcome.named().failing().isEmpty()
                ? result.verdict().describe()
                : "violates " + String.join(", ", outcome.named().failing()) + " in "
                        + result.counterexample().states() + " states";
        return String.format(
                Locale.ROOT,
                "%-6s  %-42s %s; %,d states%s, %.1f s",
                outcome.isRight() ? "ok" : "FAILED",
                outcome.task().name(),
                verdict,
                result.distinct(),
                result.depth().isPresent() ? ", depth " + result.depth().getAsInt() : "",
                outcome.seconds());
    }

    /** How far a task is, and how long it will take, where the number of states is known. */
    static String progress(Task task, long distinct, long queued, double seconds) {
        double perSecond = distinct / Math.max(seconds, 0.001);
        String left = secondsLeft(task, distinct, perSecond).isPresent()
                ? String.format(
                        Locale.ROOT,
                        ", about %.0f s left",
                        secondsLeft(task, distinct, perSecond).getAsDouble())
                : "";
        return String.format(
                Locale.ROOT,
                "        %-42s %,d states, %,.0f/s, %,d to look at%s",
                task.name(),
                distinct,
                perSecond,
                queued,
                left);
    }

    private static OptionalDouble secondsLeft(Task task, long distinct, double perSecond) {
        if (task.expectation() instanceof Expectation.Holds holds
                && holds.distinct().isPresent()
                && perSecond > 0
                && holds.distinct().getAsLong() > distinct) {
            return OptionalDouble.of((holds.distinct().getAsLong() - distinct) / perSecond);
        }
        return OptionalDouble.empty();
    }
}
