package io.odradek.bench.jmh;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The figures of one measure beside each other: what the table says, and whether its goals were reached. */
final class Comparison {
    private final Measure measure;
    private final List<Figure> figures;

    /** @param all figures of a run; those of other measures are passed over */
    Comparison(Measure measure, Collection<Figure> all) {
        this.measure = measure;
        this.figures = all.stream()
                .filter(figure -> figure.measure().equals(measure.name()))
                .map(this::ofOne)
                .toList();
    }

    /** What an invocation does may differ between systems: what is compared is the time of one of what it does. */
    private Figure ofOne(Figure figure) {
        double operations = measure.amount().apply(figure.parameters()).operations();
        return operations == 0 ? figure : figure.dividedBy(operations);
    }

    /** A table, or nothing when there is no figure. */
    List<String> table() {
        List<String> lines = new ArrayList<>();
        if (figures.isEmpty()) {
            return lines;
        }
        lines.add(measure.name() + ": " + measure.what());
        lines.add("");
        lines.add("| parameters | system | | time of one | +- | rate | MiB/s | times as fast as its peers |");
        lines.add("| --- | --- | --- | --- | --- | --- | --- | --- |");
        for (Figure figure : figures) {
            lines.add(row(figure));
        }
        lines.add("");
        return lines;
    }

    private String row(Figure figure) {
        Amount amount = measure.amount().apply(figure.parameters());
        if (amount.operations() == 0) {
            return "| " + parameters(figure.params()) + " | " + figure.system() + " | " + measure.durability()
                    + " | | | | | " + counters(figure) + " |";
        }
        double seconds = figure.nanos() / 1e9;
        return "| " + parameters(figure.params())
                + " | " + figure.system()
                + " | " + measure.durability()
                + " | " + time(figure.nanos())
                + " | " + percent(figure)
                + " | " + number(1 / seconds) + " " + amount.name() + "/s"
                + " | "
                + (amount.bytes() == 0 ? "" : number(amount.bytes() / amount.operations() / (1 << 20) / seconds))
                + " | " + beside(peers(figure), counters(figure))
                + " |";
    }

    private static String parameters(Map<String, String> params) {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(params)
                .forEach((name, value) -> text.append(text.isEmpty() ? "" : " ")
                        .append(name)
                        .append('=')
                        .append(value));
        return text.toString();
    }

    private static String time(double nanos) {
        if (nanos < 1e3) {
            return number(nanos) + " ns";
        }
        if (nanos < 1e6) {
            return number(nanos / 1e3) + " us";
        }
        return nanos < 1e9 ? number(nanos / 1e6) + " ms" : number(nanos / 1e9) + " s";
    }

    private static String number(double value) {
        return value >= 1000 ? String.format(Locale.ROOT, "%.0f", value) : String.format(Locale.ROOT, "%.3g", value);
    }

    private static String percent(Figure figure) {
        return Double.isNaN(figure.errorNanos())
                ? "?"
                : String.format(Locale.ROOT, "%.0f %%", 100 * figure.errorNanos() / figure.nanos());
    }

    private String peers(Figure ours) {
        if (!ours.isOurs()) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        for (Figure peer : figures) {
            if (ours.hasPeer(peer)) {
                text.append(text.isEmpty() ? "" : ", ")
                        .append(peer.system())
                        .append(' ')
                        .append(Ratio.asFastAs(ours, peer));
            }
        }
        return text.toString();
    }

    private static String beside(String peers, String counters) {
        return peers + (peers.isEmpty() || counters.isEmpty() ? "" : "; ") + counters;
    }

    /** What our benchmarks count for themselves. JMH's profilers count, too: their names have dots. */
    private static String counters(Figure figure) {
        List<String> texts = new ArrayList<>();
        for (String allocated : List.of("inAll", "inRing")) {
            each(figure, allocated, "measuredBatches")
                    .ifPresent(bytes -> texts.add(String.format(Locale.ROOT, "%s %.1f B a batch", allocated, bytes)));
        }
        each(figure, "scannedBytes", "recoveries")
                .ifPresent(bytes -> texts.add(number(bytes / (1 << 20)) + " MiB of them read"));
        for (String latency : List.of("p50", "p99", "max")) {
            OptionalDouble quiet = each(figure, latency + "Quiet", "runs");
            each(figure, latency + "Compacting", "runs")
                    .ifPresent(compacting -> texts.add(String.format(
                            Locale.ROOT,
                            "%s %s, compacting %s (%.2f x)",
                            latency,
                            time(1e3 * quiet.orElse(Double.NaN)),
                            time(1e3 * compacting),
                            compacting / quiet.orElse(Double.NaN))));
        }
        return String.join("; ", texts);
    }

    private static OptionalDouble each(Figure figure, String counter, String of) {
        Double sum = figure.counters().get(counter);
        Double count = figure.counters().get(of);
        return sum == null || count == null ? OptionalDouble.empty() : OptionalDouble.of(sum / count);
    }

    /** One line for each goal and each row it is about; a goal without figures says so. */
    List<String> goals() {
        List<String> lines = new ArrayList<>();
        for (Goal goal : measure.goals()) {
            List<Figure> about = figures.stream()
                    .filter(figure -> figure.system().equals(goal.system()) && figure.matches(goal.where()))
                    .toList();
            if (about.isEmpty()) {
                lines.add(line(goal, parameters(goal.where()), "no figure"));
            }
            for (Figure ours : about) {
                lines.add(line(goal, parameters(ours.params()), verdict(goal, ours)));
            }
        }
        return lines;
    }

    private String line(Goal goal, String rows, String verdict) {
        return "| " + measure.name() + "." + goal.system() + " | " + rows + " | " + goal.text() + " | " + verdict
                + " |";
    }

    private String verdict(Goal goal, Figure ours) {
        return switch (goal) {
            case Goal.AsFast(var _, String peerName, var _, double atLeast) -> {
                Figure peer = peer(ours, peerName);
                if (peer == null) {
                    yield "no figure of " + peerName;
                }
                Ratio ratio = Ratio.asFastAs(ours, peer);
                yield ratio.value() >= atLeast
                        ? "reached: " + ratio
                        : "short: " + ratio + ", " + percentMissing(atLeast, ratio.value()) + " missing";
            }
            case Goal.ShareOfTime(var _, String peerName, var _, double atMost) -> {
                Figure peer = peer(ours, peerName);
                if (peer == null) {
                    yield "no figure of " + peerName;
                }
                double share = ours.nanos() / peer.nanos();
                yield atMost(share, atMost, "", String.format(Locale.ROOT, "%.0f %%", 100 * (share / atMost - 1)));
            }
            case Goal.Allocates(var _, String counter, String perCounter, var _, double atMost) -> {
                Double bytes = ours.counters().get(counter);
                Double batches = ours.counters().get(perCounter);
                if (bytes == null || batches == null) {
                    yield "not counted";
                }
                double each = bytes / batches;
                yield atMost(each, atMost, " B", String.format(Locale.ROOT, "%.1f B", each - atMost));
            }
        };
    }

    private static String atMost(double value, double atMost, String unit, String excess) {
        String measured = String.format(Locale.ROOT, "%.3g%s", value, unit);
        return value <= atMost ? "reached: " + measured : "short: " + measured + ", " + excess + " too much";
    }

    private static String percentMissing(double wanted, double found) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * (1 - found / wanted));
    }

    private @Nullable Figure peer(Figure ours, String system) {
        for (Figure figure : figures) {
            if (figure.system().equals(system) && ours.hasPeer(figure)) {
                return figure;
            }
        }
        return null;
    }

    /** Benchmarks of the measure that gave no figure: they failed. */
    List<String> missing() {
        return measure.systems().stream()
                .filter(system ->
                        figures.stream().noneMatch(figure -> figure.system().equals(system)))
                .map(system -> measure.name() + "." + system)
                .toList();
    }
}
